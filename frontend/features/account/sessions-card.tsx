"use client";

import { Card } from "@/components/card";
import { SessionList } from "@/features/account/lazy";

export function SessionsCard() {
  return (
    <Card title="Where you are signed in">
      <SessionList />
    </Card>
  );
}
