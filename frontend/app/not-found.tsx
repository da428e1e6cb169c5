import type { Metadata } from "next";
import { ButtonLink } from "@/components/button";
import { MessagePage } from "@/components/message-page";
import { SiteHeader } from "@/components/site-header";
import { ThemeToggle } from "@/components/theme-toggle";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <>
      <SiteHeader>
        <ThemeToggle />
      </SiteHeader>
      <MessagePage title="Page not found" text="There is nothing at this address. Perhaps it was moved, or mistyped.">
        <ButtonLink href="/">To the start page</ButtonLink>
      </MessagePage>
    </>
  );
}
