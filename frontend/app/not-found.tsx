import type { Metadata } from "next";
import { MessagePage } from "@/components/message-page";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";
import { AccountLink, WayBack } from "@/features/auth/account-link";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <>
      <SiteHeader>
        <AccountLink />
        <ThemeToggle />
      </SiteHeader>
      <MessagePage
        title="Page not found"
        text="There is nothing at this address. Perhaps the page has moved, or the address was mistyped."
      >
        <WayBack />
      </MessagePage>
    </>
  );
}
