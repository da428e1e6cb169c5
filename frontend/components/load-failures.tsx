"use client";

import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useId, useState, type ReactNode } from "react";
import { LoadError } from "@/components/load-error";

/** Reports why the part of a page with this id could not be loaded, or with no error that this is over. */
type Report = (id: string, error?: Error) => void;

const ReportContext = createContext<Report | undefined>(undefined);

/**
 * Says once for a whole page that parts of it could not be loaded, and tries all of them again. Parts that are not in it
 * say so themselves.
 */
export function LoadFailures({ children }: { children: ReactNode }) {
  const queryClient = useQueryClient();
  const [errors, setErrors] = useState<ReadonlyMap<string, Error>>(new Map());
  const report = useCallback<Report>((id, error) => {
    setErrors((before) => {
      const after = new Map(before);
      after.delete(id);
      if (error) after.set(id, error);
      return after;
    });
  }, []);
  const retry = () => {
    void queryClient.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
    // The button goes away with the message: the focus moves on to the page.
    document.getElementById("content")?.focus();
  };

  const [first] = errors.values();
  return (
    <>
      {first && <LoadError error={first} onRetry={retry} />}
      <ReportContext value={report}>{children}</ReportContext>
    </>
  );
}

/** Stands in place of what could not be loaded. */
export function NotLoaded({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const report = use(ReportContext);
  const id = useId();
  useEffect(() => {
    report?.(id, error);
    return () => report?.(id);
  }, [report, id, error]);
  if (report) return <p className="text-muted">This could not be loaded.</p>;
  return <LoadError error={error} onRetry={onRetry} />;
}
