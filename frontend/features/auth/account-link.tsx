"use client";

import { ButtonLink } from "@/components/button";
import { HardLink } from "@/components/hard-link";
import { useSession } from "@/lib/session";

/** For the header of public pages: leads people who are signed in to the dashboard, all others to the login page. */
export function AccountLink() {
  const authenticated = useSession().data?.authenticated === true;
  return (
    <nav aria-label="Account">
      <HardLink
        href={authenticated ? "/dashboard" : "/login"}
        className="inline-flex min-h-11 items-center rounded-lg px-3 font-semibold hover:bg-sunken"
      >
        {authenticated ? "Dashboard" : "Sign in"}
      </HardLink>
    </nav>
  );
}

/** The first links of the start page. Signed in or not, they take the same room, so that nothing jumps. */
export function StartLinks() {
  const session = useSession().data;
  if (session?.authenticated) return <ButtonLink href="/dashboard">Continue where you left off</ButtonLink>;
  return (
    <>
      <ButtonLink href="/register">Create an account</ButtonLink>
      <ButtonLink href="/login" look="secondary">
        Sign in
      </ButtonLink>
    </>
  );
}
