"use client";

import { Card } from "@/components/card";
import { Loaded } from "@/components/loaded";
import { useProfile } from "@/features/account/api";
import { Fact, Facts } from "@/features/account/facts";
import { formatDate } from "@/lib/format";

export function AccountCard() {
  return (
    <Card title="Your account" marker="lychgate-protected-marker:account-card">
      <Loaded query={useProfile()} label="Loading your account…" lines={6}>
        {({ name, email, createdAt }) => (
          <Facts>
            <Fact term="E-mail">{email}</Fact>
            <Fact term="Name">{name || "Not given"}</Fact>
            <Fact term="Member since">{formatDate(createdAt)}</Fact>
          </Facts>
        )}
      </Loaded>
    </Card>
  );
}
