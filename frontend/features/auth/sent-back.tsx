"use client";

import { ButtonLink } from "@/components/button";
import { Refusal } from "@/components/refusal";

/** Above the form, where somebody who is signed in was sent back to it by the page that signing in leads to. */
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
        {"You are signed in, but the page that you want sent you back here instead of opening. " +
          "Try to open it once more, or sign in again. " +
          `If that does not help, delete the cookies of ${window.location.hostname} in the settings of your browser.`}
      </p>
    </Refusal>
  );
}
