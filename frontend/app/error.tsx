"use client";

import { Button } from "@/components/button";
import { MessagePage } from "@/components/message-page";
import { reloadPage } from "@/lib/navigation";

/**
 * Rendering again is not enough: code that could not be loaded, because the session has ended meanwhile or another
 * version has been installed, comes only with a new document.
 */
export default function ErrorPage() {
  return (
    <MessagePage title="Something went wrong" text="The page could not be shown. Loading it again often helps.">
      <Button onClick={reloadPage}>Reload</Button>
    </MessagePage>
  );
}
