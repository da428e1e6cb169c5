"use client";

import { ButtonLink } from "@/components/button";
import { HardLink } from "@/components/hard-link";
import { useSignup } from "@/lib/methods";
import { useSession } from "@/lib/session";

/** For the header of public pages: leads people who are signed in to the dashboard, all others to the login page. */
export function AccountLink() {
  const authenticated = useSession().data?.authenticated === true;
  return (
    <nav aria-label="Account">
      <HardLink
        href={authenticated ? "/dashboard" : "/login"}
        className="inline-flex min-h-11 items-center rounded-lg px-3 font-semibold max-[22.5rem]:px-2 hover:bg-sunken"
      >
        {authenticated ? "Dashboard" : "Sign in"}
      </HardLink>
    </nav>
  );
}

/**
 * The first links of the start page. Signed in or not, they take the same room, so that nothing jumps. Sign-up is offered
 * once it is known to be open; its link keeps its place until then.
 */
export function StartLinks() {
  const session = useSession().data;
  const signup = useSignup();
  if (session?.authenticated) return <ButtonLink href="/dashboard">Continue where you left off</ButtonLink>;
  if (signup === "closed") return <ButtonLink href="/login">Sign in</ButtonLink>;
  return (
    <>
      <ButtonLink href="/register" className={signup === "unknown" ? "invisible" : ""}>
        Create an account
      </ButtonLink>
      <ButtonLink href="/login" look="secondary">
        Sign in
      </ButtonLink>
    </>
  );
}

/** For a page that leads nowhere: back to the dashboard for people who are signed in, and to the start page. */
export function WayBack() {
  const authenticated = useSession().data?.authenticated === true;
  return (
    <div className="flex flex-wrap gap-3">
      {authenticated && <ButtonLink href="/dashboard">Go to your dashboard</ButtonLink>}
      <ButtonLink href="/" look={authenticated ? "secondary" : "primary"}>
        Go to the start page
      </ButtonLink>
    </div>
  );
}
