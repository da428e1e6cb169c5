"use client";

import { Card } from "@/components/card";
import { EventList } from "@/features/account/lazy";

export function EventsCard() {
  return (
    <Card title="What happened lately">
      <EventList />
    </Card>
  );
}
