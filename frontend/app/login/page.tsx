import type { Metadata } from "next";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { SignIn } from "@/features/auth/sign-in";

export const metadata: Metadata = { title: "Sign in", description: "Sign in to your account." };

export default function LoginPage() {
  return (
    <>
      <SiteHeader>
        <ThemeToggle />
      </SiteHeader>
      <SignIn />
    </>
  );
}
