"use client";

import type { ReactNode } from "react";
import { Card } from "@/components/card";
import { LoadError } from "@/components/load-error";
import { Skeleton } from "@/components/skeleton";
import { Appearance } from "@/features/account/appearance";
import { NameForm } from "@/features/account/name-form";
import { PasswordForm } from "@/features/account/password-form";
import { useProfile } from "@/features/account/profile";
import type { User } from "@/lib/api/client";

export function Settings() {
  return (
    <div className="grid items-start gap-6 lg:grid-cols-2">
      <Card title="Profile" marker="lychgate-protected-marker:settings-forms">
        <WithProfile lines={5}>{(user) => <NameForm name={user.name} />}</WithProfile>
      </Card>
      <Card title="Password" className="lg:row-span-2">
        <WithProfile lines={11}>{(user) => <PasswordForm user={user} />}</WithProfile>
      </Card>
      <Card title="Appearance">
        <Appearance />
      </Card>
    </div>
  );
}

/** The three states of what needs the profile: as many lines hold its place as it will take. */
function WithProfile({ lines, children }: { lines: number; children: (user: User) => ReactNode }) {
  const profile = useProfile();
  if (profile.isPending) return <Skeleton label="Loading your account…" lines={lines} />;
  if (profile.isError) return <LoadError error={profile.error} onRetry={() => void profile.refetch()} />;
  return children(profile.data);
}
