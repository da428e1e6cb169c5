"use client";

import dynamic from "next/dynamic";
import { Skeleton } from "@/components/skeleton";

/*
 * Loaded after the page, as large parts of a page will be (they bring a reader of user agents along): their chunk has to
 * be as protected as the page's own.
 */

export const SessionList = dynamic(() => import("@/features/account/session-list").then((m) => m.SessionList), {
  ssr: false,
  loading: () => <Skeleton label="Loading your sessions…" lines={4} />,
});

export const EventList = dynamic(() => import("@/features/account/event-list").then((m) => m.EventList), {
  ssr: false,
  loading: () => <Skeleton label="Loading what happened…" lines={8} />,
});
