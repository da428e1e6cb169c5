"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Monitor, Smartphone, SquareTerminal, Tablet } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { Button } from "@/components/button";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { LoadError } from "@/components/load-error";
import { Skeleton } from "@/components/skeleton";
import { eventsKey } from "@/features/account/events";
import { sessionsKey, useSessions, withoutSessions, type SessionPages } from "@/features/account/sessions";
import { api, type SessionInfo } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { device } from "@/lib/device";
import { formatDateTime } from "@/lib/format";

/** How many more others are shown at a time. */
const STEP = 10;

export function SessionList() {
  const queryClient = useQueryClient();
  const sessions = useSessions();
  const [shown, setShown] = useState(STEP);
  const list = useRef<HTMLUListElement>(null);
  // Shown at once, and undone when the server does not confirm it.
  const end = useMutation({
    mutationFn: (id: string | "others") => (id === "others" ? api.endOtherSessions() : api.endSession(id)),
    onMutate: async (id) => {
      await queryClient.cancelQueries({ queryKey: sessionsKey });
      const before = queryClient.getQueryData<SessionPages>(sessionsKey);
      queryClient.setQueryData<SessionPages>(sessionsKey, (pages) => withoutSessions(pages, id));
      // The button that was pressed goes with its session: focus stays where the person was, and is not lost.
      list.current?.focus();
      return { before };
    },
    onError: (_, __, shown) => queryClient.setQueryData(sessionsKey, shown?.before),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: sessionsKey }),
        queryClient.invalidateQueries({ queryKey: eventsKey }),
      ]),
  });

  if (sessions.isPending) return <Skeleton label="Loading your sessions…" lines={4} />;
  if (sessions.isError && !sessions.isFetchNextPageError) {
    return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;
  }

  const { current, others } = sessions.data;
  const { hasNextPage } = sessions;
  const showMore = () => {
    if (sessions.isFetchingNextPage) return;
    const wanted = shown + STEP;
    setShown(wanted);
    if (others.length < wanted && hasNextPage) void sessions.fetchNextPage();
    // The button goes with the last ones.
    else if (others.length <= wanted) list.current?.focus();
  };
  const alone = others.length === 0 && !hasNextPage;
  const left = others.length > shown || hasNextPage;
  const result = end.variables === "others" ? "You are signed out everywhere else." : "The session has ended.";
  return (
    <div data-marker="lychgate-protected-marker:session-list" className="flex flex-col gap-5">
      <ul ref={list} tabIndex={-1} aria-label="Sessions" className="divide-y divide-line">
        {current && (
          <SessionItem session={current}>
            {!alone && (
              <Button look="secondary" disabled={end.isPending} onClick={() => end.mutate("others")}>
                Sign out everywhere else
              </Button>
            )}
          </SessionItem>
        )}
        {others.slice(0, shown).map((session) => (
          <SessionItem key={session.id} session={session}>
            <Button look="secondary" disabled={end.isPending} onClick={() => end.mutate(session.id)}>
              End session
            </Button>
          </SessionItem>
        ))}
      </ul>
      {alone && <p className="text-muted">You are signed in nowhere else. Other devices show up here.</p>}
      {left && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button look="secondary" aria-disabled={sessions.isFetchingNextPage} onClick={showMore}>
            Show more
          </Button>
          <p className="text-sm text-muted">{`${Math.min(shown, others.length)} of ${hasNextPage ? "more than " : ""}${others.length} other sessions are shown.`}</p>
        </div>
      )}
      <FormStatus message={end.isSuccess ? result : undefined} />
      <FormAlert failure={end.isError ? { text: failureText(end.error, end.variables) } : undefined} />
      <FormAlert
        failure={sessions.isFetchNextPageError ? { text: "More could not be loaded. Try again." } : undefined}
      />
    </div>
  );
}

function failureText(error: Error, ended: string | "others"): string {
  const what = ended === "others" ? "The other sessions have not been ended." : "The session has not been ended.";
  return `${what} ${error instanceof ApiError ? error.text : "Try again."}`;
}

const pictures = { computer: Monitor, phone: Smartphone, tablet: Tablet, program: SquareTerminal };

interface SessionItemProps {
  session: SessionInfo;
  /** What can be done about it. */
  children: ReactNode;
}

function SessionItem({ session, children }: SessionItemProps) {
  const { name, kind } = device(session.userAgent);
  const Picture = pictures[kind];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 py-4 first:pt-0 last:pb-0">
      <Picture aria-hidden="true" className="size-6 shrink-0 text-muted" />
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-medium">
          <span className="line-clamp-2 wrap-anywhere" title={session.userAgent}>
            {name}
          </span>
          {session.current && (
            <span className="rounded-full bg-accent-soft px-2.5 py-0.5 text-sm font-semibold text-accent">
              This session
            </span>
          )}
        </p>
        <p className="text-sm wrap-anywhere text-muted">
          {`${session.ip}, since ${formatDateTime(session.createdAt)}, last used ${formatDateTime(session.lastSeenAt)}`}
        </p>
      </div>
      {children}
    </li>
  );
}
