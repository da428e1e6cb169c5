import type { Metadata } from "next";
import { SiteHeader } from "@/components/site-header";
import { AuthPage } from "@/features/auth/auth-page";
import { RegisterForm } from "@/features/auth/register-form";

export const metadata: Metadata = { title: "Create an account" };

export default function RegisterPage() {
  return (
    <>
      <SiteHeader />
      <AuthPage title="Create an account" other={{ question: "Got an account?", link: "Sign in", path: "/login" }}>
        <RegisterForm />
      </AuthPage>
    </>
  );
}
