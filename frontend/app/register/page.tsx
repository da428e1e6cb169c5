import type { Metadata } from "next";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { AuthPage } from "@/features/auth/auth-page";
import { RegisterForm } from "@/features/auth/register-form";

export const metadata: Metadata = {
  title: "Create an account",
  description: "Create an account with an e-mail address and a password, and go straight to your dashboard.",
};

export default function RegisterPage() {
  return (
    <>
      <SiteHeader>
        <ThemeToggle />
      </SiteHeader>
      <AuthPage
        title="Create an account"
        text="An e-mail address and a password are all it takes."
        other={{ question: "Got an account?", link: "Sign in", path: "/login" }}
      >
        <RegisterForm />
      </AuthPage>
    </>
  );
}
