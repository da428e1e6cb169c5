"use client";

import { ButtonLink } from "@/components/button";
import { Refusal } from "@/components/refusal";

/** Shown above the form when a person is signed in, and the page they wanted has sent them back to the form. */
export function SentBack({ to }: { to: string }) {
  return (
    <Refusal
      title="You were sent back here"
      actions={
        <ButtonLink href={to} look="secondary">
          Open the page
        </ButtonLink>
      }
    >
      <p>
        {"You are signed in, but the page that you wanted sent you back here instead of opening. " +
          "Try to open it again, or sign in again. " +
          `If that does not help, delete the cookies of ${window.location.hostname} in the settings of your browser.`}
      </p>
    </Refusal>
  );
}
