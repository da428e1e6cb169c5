"use client";

import { AuthPage, OtherPage } from "@/features/auth/auth-page";
import { LoginForm } from "@/features/auth/login-form";
import { SignedOutNotice } from "@/features/auth/signed-out-notice";
import { Support } from "@/features/auth/support";
import { useSignup } from "@/lib/methods";

export function SignIn() {
  const signup = useSignup();
  return (
    <AuthPage
      title="Sign in"
      text={<p>Welcome back.</p>}
      below={
        <div className="flex flex-col gap-3 text-muted">
          <p>
            <span className="block font-medium text-ink">Forgot your password?</span>
            <span>
              Ask <Support /> to reset it.
            </span>
          </p>
          {signup === "closed" ? (
            <p className="flex min-h-11 items-center">New accounts are created by whoever runs this site.</p>
          ) : (
            <OtherPage
              question="No account yet?"
              link="Create one"
              path="/register"
              className={signup === "unknown" ? "invisible" : ""}
            />
          )}
        </div>
      }
    >
      <div className="flex flex-col gap-6">
        <SignedOutNotice />
        <LoginForm />
      </div>
    </AuthPage>
  );
}
