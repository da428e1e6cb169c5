"use client";

import { useProfile } from "@/features/account/api";
import { useFollowSession } from "@/lib/session";

/** Belongs on every protected page: it leaves when the person signs out, and reloads when another one signs in. */
export function FollowSession() {
  useFollowSession(useProfile().data?.id);
  return null;
}
