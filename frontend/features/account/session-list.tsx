"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { LoadError } from "@/components/load-error";
import { FormAlert } from "@/components/form-messages";
import { api, type SessionInfo } from "@/lib/api/client";
import { formatDateTime } from "@/lib/format";

const sessionsKey = ["sessions"];

export function SessionList() {
  const queryClient = useQueryClient();
  const sessions = useQuery({ queryKey: sessionsKey, queryFn: api.sessions });
  const reload = () => queryClient.invalidateQueries({ queryKey: sessionsKey });
  const endOne = useMutation({ mutationFn: api.endSession, onSettled: reload });
  const endOthers = useMutation({ mutationFn: api.endOtherSessions, onSettled: reload });

  if (sessions.isPending) return <p role="status">Loading your sessions…</p>;
  if (sessions.isError) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;

  const busy = endOne.isPending || endOthers.isPending;
  const failed = endOne.isError || endOthers.isError;
  return (
    <Card title="Where you are signed in" marker="lychgate-protected-marker:session-list">
      <ul className="divide-y divide-line">
        {sessions.data.map((session) => (
          <SessionItem key={session.id} session={session} busy={busy} onEnd={() => endOne.mutate(session.id)} />
        ))}
      </ul>
      <FormAlert message={failed ? "That session could not be ended. Try again." : undefined} />
      {sessions.data.length > 1 && (
        <div className="pt-5">
          <Button look="secondary" disabled={busy} onClick={() => endOthers.mutate()}>
            Sign out everywhere else
          </Button>
        </div>
      )}
    </Card>
  );
}

interface SessionItemProps {
  session: SessionInfo;
  busy: boolean;
  onEnd: () => void;
}

function SessionItem({ session, busy, onEnd }: SessionItemProps) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 py-4 first:pt-0 last:pb-0">
      <div className="min-w-0 grow basis-64">
        {session.current && <p className="font-semibold text-accent">This session</p>}
        <p className="break-words">{session.userAgent || "Unknown device"}</p>
        <p className="text-sm text-muted">
          {session.ip}, last used {formatDateTime(session.lastSeenAt)}
        </p>
      </div>
      {!session.current && (
        <Button look="secondary" disabled={busy} onClick={onEnd}>
          End session
        </Button>
      )}
    </li>
  );
}
