"use client";

import { createContext, use, useEffect, useId, useMemo, useState, type ReactNode } from "react";
import { LoadError } from "@/components/load-error";

interface LoadFailure {
  error: Error;
  onRetry: () => void;
}

/** Reports a failure by the id of what failed, or with none that it is over. */
type Report = (id: string, failure?: LoadFailure) => void;

const ReportContext = createContext<Report | undefined>(undefined);

/**
 * Says once for a whole page that parts of it could not be loaded, and tries all of them again. Parts that are not in it
 * say so themselves.
 */
export function LoadFailures({ children }: { children: ReactNode }) {
  const [failures, setFailures] = useState<Record<string, LoadFailure>>({});
  const report = useMemo<Report>(
    () => (id, failure) =>
      setFailures((before) => {
        const others = Object.entries(before).filter(([key]) => key !== id);
        return Object.fromEntries(failure === undefined ? others : [...others, [id, failure]]);
      }),
    [],
  );
  const all = Object.values(failures);
  const first = all[0];
  return (
    <>
      {first && (
        <LoadError
          error={first.error}
          onRetry={() => {
            all.forEach(({ onRetry }) => onRetry());
            // The button goes away with the message: the focus moves on to the page.
            document.getElementById("content")?.focus();
          }}
        />
      )}
      <ReportContext value={report}>{children}</ReportContext>
    </>
  );
}

/** Stands in place of what could not be loaded. */
export function NotLoaded({ error, onRetry }: LoadFailure) {
  const report = use(ReportContext);
  const id = useId();
  useEffect(() => {
    report?.(id, { error, onRetry });
    return () => report?.(id);
  }, [report, id, error, onRetry]);
  if (report) return <p className="text-muted">This could not be loaded.</p>;
  return <LoadError error={error} onRetry={onRetry} />;
}
