"use client";

import dynamic from "next/dynamic";
import { Card } from "@/components/card";
import { Loaded } from "@/components/loaded";
import { Skeleton } from "@/components/skeleton";
import { useSessions } from "@/features/account/api";

const loading = { label: "Loading your sessions…", lines: 4 };

// Loaded after the page, because it needs the large code that reads user agents. Its chunk is protected like the page.
const SessionList = dynamic(() => import("@/features/account/session-list").then((m) => m.SessionList), {
  ssr: false,
  loading: () => <Skeleton {...loading} />,
});

export function SessionsCard() {
  const query = useSessions();
  return (
    <Card title="Where you are signed in">
      <Loaded query={query} {...loading}>
        {(sessions) => <SessionList sessions={sessions} query={query} />}
      </Loaded>
    </Card>
  );
}
