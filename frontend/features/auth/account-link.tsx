"use client";

import { useSession } from "@/features/auth/session";
import { HardLink } from "@/components/hard-link";

/** For public pages: to the dashboard for whoever is signed in, to the login page for everybody else. */
export function AccountLink() {
  const authenticated = useSession().data?.authenticated === true;
  return (
    <nav aria-label="Account">
      <HardLink
        href={authenticated ? "/dashboard" : "/login"}
        className="inline-flex min-h-11 items-center font-medium underline-offset-4 hover:underline"
      >
        {authenticated ? "Dashboard" : "Sign in"}
      </HardLink>
    </nav>
  );
}
