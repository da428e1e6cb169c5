import type { ReactNode } from "react";
import { SiteHeader } from "@/components/site-header";
import { AccountNav } from "@/features/account/account-nav";
import { ReloadWhenRestored } from "@/features/account/reload-when-restored";
import { SignOutButton } from "@/features/auth/sign-out-button";

export default function DashboardLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <ReloadWhenRestored />
      <SiteHeader>
        <AccountNav />
        <SignOutButton />
      </SiteHeader>
      {children}
    </>
  );
}
