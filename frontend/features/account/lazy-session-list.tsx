"use client";

import dynamic from "next/dynamic";

/** Loaded after the page, as large parts of a page will be: its chunk has to be as protected as the page's own. */
export const LazySessionList = dynamic(
  () => import("@/features/account/session-list").then((module) => module.SessionList),
  { ssr: false, loading: () => <p role="status">Loading your sessions…</p> },
);
