import type { Metadata } from "next";
import type { ReactNode } from "react";
import { FocusOnNavigation } from "@/components/focus-on-navigation";
import { Notice } from "@/components/notice";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { AlertNotice } from "@/features/account/alert-notice";
import { AccountNav } from "@/features/account/account-nav";
import { FollowSession } from "@/features/account/follow-session";
import { ObstacleNotice } from "@/features/account/obstacle-notice";
import { SignOutButton } from "@/features/auth/sign-out-button";

export const metadata: Metadata = { robots: { index: false } };

export default function DashboardLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <FollowSession />
      <FocusOnNavigation />
      <SiteHeader>
        <AccountNav />
        <ThemeToggle />
        <SignOutButton />
      </SiteHeader>
      <noscript>
        <div className="mx-auto w-full max-w-6xl px-5 sm:px-8">
          <Notice>JavaScript is needed to show your account. Turn it on for this site, and load the page again.</Notice>
        </div>
      </noscript>
      <ObstacleNotice />
      <AlertNotice />
      {children}
    </>
  );
}
