"use client";

import { AuthPage, OtherPage } from "@/features/auth/auth-page";
import { RegisterForm } from "@/features/auth/register-form";
import { Support } from "@/features/auth/support";
import { useSignup } from "@/lib/methods";
import { useContinueWhenSignedIn } from "@/lib/session";

/** The form gives way to words as soon as the server has said that sign-up is closed. */
export function SignUp() {
  useContinueWhenSignedIn();
  const signup = useSignup();
  const other = <OtherPage question="Got an account?" link="Sign in" path="/login" />;
  if (signup === "closed") {
    return (
      <AuthPage
        title="Sign-up is closed"
        text={
          <p>
            New accounts are created by whoever runs this site. To get one, ask <Support />.
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
      <RegisterForm />
    </AuthPage>
  );
}
