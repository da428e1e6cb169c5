"use client";

import { Card } from "@/components/card";
import { LoadError } from "@/components/load-error";
import { useProfile } from "@/features/account/profile";
import { formatDate } from "@/lib/format";

export function AccountOverview() {
  const profile = useProfile();
  if (profile.isPending) return <p role="status">Loading your account…</p>;
  if (profile.isError) return <LoadError error={profile.error} onRetry={() => void profile.refetch()} />;

  const { name, email, createdAt } = profile.data;
  return (
    <>
      <h1 className="text-3xl font-semibold tracking-tight break-words">{name ? `Hello, ${name}` : "Hello"}</h1>
      <Card title="Your account" marker="lychgate-protected-marker:account-overview">
        <dl className="grid gap-x-8 gap-y-1 sm:grid-cols-[8rem_1fr] sm:gap-y-3">
          <dt className="text-muted">E-mail</dt>
          <dd className="mb-3 break-words sm:mb-0">{email}</dd>
          <dt className="text-muted">Name</dt>
          <dd className="mb-3 break-words sm:mb-0">{name || "Not given"}</dd>
          <dt className="text-muted">Member since</dt>
          <dd>{formatDate(createdAt)}</dd>
        </dl>
      </Card>
    </>
  );
}
