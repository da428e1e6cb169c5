import type { Metadata } from "next";
import { SiteHeader } from "@/components/site-header";
import { AuthPage } from "@/features/auth/auth-page";
import { LoginForm } from "@/features/auth/login-form";

export const metadata: Metadata = { title: "Sign in" };

export default function LoginPage() {
  return (
    <>
      <SiteHeader />
      <AuthPage title="Sign in" other={{ question: "No account yet?", link: "Create one", path: "/register" }}>
        <LoginForm />
      </AuthPage>
    </>
  );
}
