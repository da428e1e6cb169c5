"use client";

import { useState } from "react";
import { AuthPage, OtherPage } from "@/features/auth/auth-page";
import { RegisterForm } from "@/features/auth/register-form";
import { Support } from "@/features/auth/support";
import { useSignup } from "@/lib/methods";
import { useContinueWhenSignedIn } from "@/lib/session";

/** The form gives way to words as soon as the server has said that sign-up is closed, at the latest when it is sent. */
export function SignUp() {
  useContinueWhenSignedIn();
  const signup = useSignup();
  const [refused, setRefused] = useState(false);
  const other = <OtherPage question="Got an account?" link="Sign in" path="/login" />;
  if (signup === "closed" || refused) {
    return (
      <AuthPage
        title="Sign-up is closed"
        text={
          <p key="closed" role={refused ? "alert" : undefined}>
            {refused && <span className="sr-only">Sign-up is closed here. </span>}
            <span>
              To get an account, ask <Support />.
            </span>
          </p>
        }
        below={other}
      >
        {null}
      </AuthPage>
    );
  }
  return (
    <AuthPage title="Create an account" text={<p>An e-mail address and a password are all it takes.</p>} below={other}>
      <RegisterForm onClosed={() => setRefused(true)} />
    </AuthPage>
  );
}
