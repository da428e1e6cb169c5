import type { Metadata } from "next";
import { HardLink } from "@/components/hard-link";
import { MessagePage } from "@/components/message-page";
import { SiteHeader } from "@/components/site-header";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <>
      <SiteHeader />
      <MessagePage title="Page not found" text="There is nothing at this address.">
        <HardLink href="/" className="font-medium text-accent underline underline-offset-4">
          To the start page
        </HardLink>
      </MessagePage>
    </>
  );
}
