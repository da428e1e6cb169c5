"use client";

import Link from "next/link";
import { Card } from "@/components/card";
import { Loaded } from "@/components/loaded";
import { useSessions } from "@/features/account/api";
import { Fact, Facts } from "@/features/account/facts";
import { formatDate } from "@/lib/format";
import { useSession } from "@/lib/session";

const loading = { label: "Loading your security…", lines: 6 };

export function SecurityCard() {
  const sessions = useSessions();
  const own = useSession();
  return (
    <Card title="Security" marker="lychgate-protected-marker:security-card">
      <Loaded query={sessions} {...loading}>
        {({ others }) => (
          <Loaded query={own} {...loading}>
            {(session) => (
              <Facts>
                <Fact term="Signed in">{whereSignedIn(others.length, sessions.hasNextPage)}</Fact>
                {session.authenticated && (
                  <Fact term="Signs out by itself, if unused, on">{formatDate(session.expiresAt)}</Fact>
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
            )}
          </Loaded>
        )}
      </Loaded>
    </Card>
  );
}

function whereSignedIn(others: number, andMore: boolean): string {
  if (others === 0) return "Here, and nowhere else";
  return `Here, and ${andMore ? `more than ${others} others` : `${others} more`}`;
}
