"use client";

import type { ReactElement } from "react";
import { Notice } from "@/components/notice";
import { Support } from "@/features/auth/support";
import { useReason } from "@/lib/session";

/** Says to somebody who was signed in why they have to sign in again. */
export function SignedOutNotice() {
  const reason = useReason();
  const words = reason && explanations[reason];
  return (
    <div role="status" className="empty:sr-only">
      {words && <Notice>{words}</Notice>}
    </div>
  );
}

/** Duplicate cookies have a notice of their own (components/duplicate-cookies.tsx). */
const explanations: Partial<Record<NonNullable<ReturnType<typeof useReason>>, ReactElement>> = {
  session_ended: (
    <>
      <p className="font-semibold">You have been signed out</p>
      <p>
        This session was ended from somewhere else: on another device of yours, by a change of your password, or by
        whoever runs this site. Sign in to go on.
      </p>
    </>
  ),
  session_expired: (
    <>
      <p className="font-semibold">Your session has expired</p>
      <p>It was not used for some time, or it has lasted as long as a session can. Sign in to go on.</p>
    </>
  ),
  account_disabled: (
    <>
      <p className="font-semibold">Your account is disabled</p>
      <p>
        You cannot sign in to it for now. Ask <Support /> if you think that this is a mistake.
      </p>
    </>
  ),
};
