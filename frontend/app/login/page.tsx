import type { Metadata } from "next";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { AuthPage } from "@/features/auth/auth-page";
import { LoginForm } from "@/features/auth/login-form";

export const metadata: Metadata = { title: "Sign in", description: "Sign in to your account." };

export default function LoginPage() {
  return (
    <>
      <SiteHeader>
        <ThemeToggle />
      </SiteHeader>
      <AuthPage
        title="Sign in"
        text="Welcome back. The gate opens for those it knows."
        other={{ question: "No account yet?", link: "Create one", path: "/register" }}
      >
        <LoginForm />
      </AuthPage>
    </>
  );
}
