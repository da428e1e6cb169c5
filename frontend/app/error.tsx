"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/button";
import { MessagePage } from "@/components/message-page";
import { reloadPage } from "@/lib/navigation";
import { isMendedByReload, reloadForStaleChunk } from "@/lib/stale-chunk";

/**
 * Rendering again is not enough. Code cannot be loaded once the session is no longer valid or another version has been
 * installed; only a new document mends that.
 */
export default function ErrorPage({ error }: { error: Error }) {
  const [reloading] = useState(() => isMendedByReload(error));
  useEffect(() => {
    if (reloading) reloadForStaleChunk();
  }, [reloading]);

  if (reloading) return <MessagePage title="One moment" text="This page has changed and is reloading." />;
  return (
    <MessagePage title="Something went wrong" text="The page could not be shown. Reloading it often helps.">
      <Button onClick={reloadPage}>Reload</Button>
    </MessagePage>
  );
}
