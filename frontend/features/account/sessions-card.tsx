"use client";

import dynamic from "next/dynamic";
import { Card } from "@/components/card";
import { Skeleton } from "@/components/skeleton";

/** Loaded after the page, as large parts of a page will be: its chunk has to be as protected as the page's own. */
const SessionList = dynamic(() => import("@/features/account/session-list").then((module) => module.SessionList), {
  ssr: false,
  loading: () => <Skeleton label="Loading your sessions…" lines={4} />,
});

export function SessionsCard() {
  return (
    <Card title="Where you are signed in">
      <SessionList />
    </Card>
  );
}
