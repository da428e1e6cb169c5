import { Monitor, Smartphone, SquareTerminal, Tablet } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { Button } from "@/components/button";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { useRevokeSessions, type SessionInfo, type Sessions, type useSessions } from "@/features/account/api";
import { ApiError } from "@/lib/api/error";
import { device } from "@/lib/device";
import { formatDateTime } from "@/lib/format";

/** How many more of the others are shown at a time. */
const STEP = 10;

interface SessionListProps {
  sessions: Sessions;
  /** Loads more of them. */
  query: ReturnType<typeof useSessions>;
}

export function SessionList({ sessions: { current, others }, query }: SessionListProps) {
  const { hasNextPage } = query;
  const [shown, setShown] = useState(STEP);
  const list = useRef<HTMLUListElement>(null);
  const revocation = useRevokeSessions();
  const revoke = (id: string | "others") => {
    revocation.mutate(id);
    // The button goes away with its session. The focus stays in the list, and is not lost.
    list.current?.focus();
  };
  const showMore = () => {
    if (query.isFetchingNextPage) return;
    const wanted = shown + STEP;
    setShown(wanted);
    if (others.length < wanted && hasNextPage) void query.fetchNextPage();
    // The button goes away with the last ones.
    else if (others.length <= wanted) list.current?.focus();
  };

  const alone = others.length === 0 && !hasNextPage;
  const left = others.length > shown || hasNextPage;
  const result = revocation.variables === "others" ? "You are signed out everywhere else." : "The session has ended.";
  return (
    <div data-marker="lychgate-protected-marker:session-list" className="flex flex-col gap-5">
      <ul ref={list} tabIndex={-1} aria-label="Sessions" className="divide-y divide-line">
        {current && (
          <SessionItem session={current}>
            {!alone && (
              <Button look="secondary" disabled={revocation.isPending} onClick={() => revoke("others")}>
                Sign out everywhere else
              </Button>
            )}
          </SessionItem>
        )}
        {others.slice(0, shown).map((session) => (
          <SessionItem key={session.id} session={session}>
            <Button look="secondary" disabled={revocation.isPending} onClick={() => revoke(session.id)}>
              End session
            </Button>
          </SessionItem>
        ))}
      </ul>
      {alone && <p className="text-muted">You are not signed in anywhere else. Other devices will appear here.</p>}
      {left && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button look="secondary" aria-disabled={query.isFetchingNextPage} onClick={showMore}>
            Show more
          </Button>
          <p className="text-sm text-muted">{`${Math.min(shown, others.length)} of ${hasNextPage ? "more than " : ""}${others.length} other sessions are shown.`}</p>
        </div>
      )}
      <FormStatus message={revocation.isSuccess ? result : undefined} />
      <FormAlert
        failure={revocation.isError ? { text: failureText(revocation.error, revocation.variables) } : undefined}
      />
      <FormAlert
        failure={query.isFetchNextPageError ? { text: "More sessions could not be loaded. Try again." } : undefined}
      />
    </div>
  );
}

function failureText(error: Error, revoked: string | "others"): string {
  const what = revoked === "others" ? "The other sessions have not been ended." : "The session has not been ended.";
  return `${what} ${error instanceof ApiError ? error.text : "Try again."}`;
}

const pictures = { computer: Monitor, phone: Smartphone, tablet: Tablet, program: SquareTerminal };

interface SessionItemProps {
  session: SessionInfo;
  /** What the person can do about it. */
  children: ReactNode;
}

function SessionItem({ session, children }: SessionItemProps) {
  const { name, kind } = device(session.userAgent);
  const Picture = pictures[kind];
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-3 py-4 first:pt-0 last:pb-0">
      <Picture aria-hidden="true" className="size-5 shrink-0 text-muted" />
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
        <p className="text-sm wrap-others text-muted">
          <span>{`${session.ip}, `}</span>
          <span className="inline-block">{`since ${formatDateTime(session.createdAt)},`}</span>{" "}
          <span className="inline-block">{`last used ${formatDateTime(session.lastSeenAt)}`}</span>
        </p>
      </div>
      {children}
    </li>
  );
}
