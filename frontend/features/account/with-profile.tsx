"use client";

import type { ReactNode } from "react";
import { LoadError } from "@/components/load-error";
import { Skeleton } from "@/components/skeleton";
import { useProfile } from "@/features/account/profile";
import type { User } from "@/lib/api/client";

/** The three states of what needs the profile: as many lines hold its place as it will take. */
export function WithProfile({ lines, children }: { lines: number; children: (user: User) => ReactNode }) {
  const profile = useProfile();
  if (profile.isPending) return <Skeleton label="Loading your account…" lines={lines} />;
  if (profile.isError) return <LoadError error={profile.error} onRetry={() => void profile.refetch()} />;
  return children(profile.data);
}
