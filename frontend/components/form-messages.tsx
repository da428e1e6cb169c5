"use client";

import { CircleAlert, CircleCheck } from "lucide-react";
import { useCallback, useSyncExternalStore } from "react";
import type { FormFailure } from "@/lib/form";

/** What went wrong with the whole form. The region is always there, so that its text is read out when it appears. */
export function FormAlert({ failure }: { failure: FormFailure | undefined }) {
  return (
    <div role="alert" className="empty:sr-only">
      {failure && (
        <div className="flex gap-3 rounded-lg bg-danger-soft px-4 py-3 text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
          <p>
            <span>{failure.text}</span>
            {failure.retryAt !== undefined && <Countdown until={failure.retryAt} />}
          </p>
        </div>
      )}
    </div>
  );
}

/** Counts the seconds down on the screen. A screen reader reads the first number, and then that the time has come. */
function Countdown({ until }: { until: number }) {
  const seconds = useSecondsUntil(until);
  if (seconds === 0) return <span key="now"> You can try again now.</span>;
  return (
    <span key="later">
      {" Try again in "}
      <span role="timer" className="tabular-nums">
        {`${seconds} ${seconds === 1 ? "second" : "seconds"}`}
      </span>
      .
    </span>
  );
}

function useSecondsUntil(until: number): number {
  const seconds = useCallback(() => Math.max(0, Math.ceil((until - performance.now()) / 1000)), [until]);
  return useSyncExternalStore(tick, seconds, seconds);
}

/** Ticks more often than once a second, so that no second is left out. */
function tick(onTick: () => void): () => void {
  const timer = setInterval(onTick, 200);
  return () => clearInterval(timer);
}

/** What went well. It is always there for the same reason. */
export function FormStatus({ message }: { message: string | undefined }) {
  return (
    <div role="status" className="empty:sr-only">
      {message && (
        <p className="flex items-center gap-2 font-medium text-accent">
          <CircleCheck aria-hidden="true" className="size-5 shrink-0" />
          <span>{message}</span>
        </p>
      )}
    </div>
  );
}
