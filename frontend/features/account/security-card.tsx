"use client";

import Link from "next/link";
import { Card } from "@/components/card";
import { LoadError } from "@/components/load-error";
import { Skeleton } from "@/components/skeleton";
import { Fact, Facts } from "@/features/account/facts";
import { useSessions } from "@/features/account/sessions";
import { formatDate } from "@/lib/format";
import { useSession } from "@/lib/session";

export function SecurityCard() {
  return (
    <Card title="Security" marker="lychgate-protected-marker:security-card">
      <Security />
    </Card>
  );
}

function Security() {
  const sessions = useSessions();
  const own = useSession();
  if (sessions.isError) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;
  if (own.isError) return <LoadError error={own.error} onRetry={() => void own.refetch()} />;
  if (sessions.isPending || own.isPending) return <Skeleton label="Loading your security…" lines={6} />;

  const { others } = sessions.data;
  const elsewhere = sessions.hasNextPage ? `more than ${others.length} others` : `${others.length} more`;
  return (
    <Facts>
      <Fact term="Signed in">{others.length > 0 ? `Here, and ${elsewhere}` : "Here, and nowhere else"}</Fact>
      {own.data.authenticated && (
        <Fact term="Signs out by itself, if unused, on">{formatDate(own.data.expiresAt)}</Fact>
      )}
      <Fact term="Password">
        <Link
          href="/dashboard/settings/security"
          className="inline-flex min-h-6 items-center text-accent underline underline-offset-4"
        >
          Change your password
        </Link>
      </Fact>
    </Facts>
  );
}
