import type { Metadata } from "next";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { SignUp } from "@/features/auth/sign-up";

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
      <SignUp />
    </>
  );
}
