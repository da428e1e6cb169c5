"use client";

import dynamic from "next/dynamic";
import { Card } from "@/components/card";
import { Loaded } from "@/components/loaded";
import { Skeleton } from "@/components/skeleton";
import { useEvents } from "@/features/account/api";

const loading = { label: "Loading recent activity…", lines: 8 };

// Loaded after the page, because it needs the large code that reads user agents. Its chunk is protected like the page.
const EventList = dynamic(() => import("@/features/account/event-list").then((m) => m.EventList), {
  ssr: false,
  loading: () => <Skeleton {...loading} />,
});

export function EventsCard() {
  return (
    <Card title="Recent activity">
      <Loaded query={useEvents()} {...loading}>
        {(events) => <EventList events={events} />}
      </Loaded>
    </Card>
  );
}
