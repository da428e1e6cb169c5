"use client";

import type { UseInfiniteQueryResult, UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { NotLoaded } from "@/components/load-failures";
import { Skeleton } from "@/components/skeleton";

interface LoadedProps<T> {
  query: UseQueryResult<T> | UseInfiniteQueryResult<T>;
  /** Read out while it loads. */
  label: string;
  /** How many lines hold its place while it loads. */
  lines: number;
  children: (data: T) => ReactNode;
}

/** The three states of what a page loads: loading, an error with a way to try again, and ready. */
export function Loaded<T>({ query, label, lines, children }: LoadedProps<T>) {
  if (query.isPending) return <Skeleton label={label} lines={lines} />;
  // Not `isError`: when only the next page of a list failed, the list stays.
  if (query.isLoadingError || query.isRefetchError) {
    return <NotLoaded error={query.error} onRetry={() => void query.refetch()} />;
  }
  return children(query.data);
}
