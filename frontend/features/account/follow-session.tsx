"use client";

import { useProfile } from "@/features/account/api";
import { useFollowSession } from "@/lib/session";

/** Stands on every protected page, and keeps it true to the session. */
export function FollowSession() {
  useFollowSession(useProfile().data?.id);
  return null;
}
