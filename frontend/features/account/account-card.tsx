"use client";

import { Card } from "@/components/card";
import { LoadError } from "@/components/load-error";
import { Skeleton } from "@/components/skeleton";
import { Fact, Facts } from "@/features/account/facts";
import { useProfile } from "@/features/account/profile";
import { formatDate } from "@/lib/format";

export function AccountCard() {
  return (
    <Card title="Your account" marker="lychgate-protected-marker:account-card">
      <Account />
    </Card>
  );
}

function Account() {
  const profile = useProfile();
  if (profile.isPending) return <Skeleton label="Loading your account…" lines={6} />;
  if (profile.isError) return <LoadError error={profile.error} onRetry={() => void profile.refetch()} />;

  const { name, email, createdAt } = profile.data;
  return (
    <Facts>
      <Fact term="E-mail">{email}</Fact>
      <Fact term="Name">{name || "Not given"}</Fact>
      <Fact term="Member since">{formatDate(createdAt)}</Fact>
    </Facts>
  );
}
