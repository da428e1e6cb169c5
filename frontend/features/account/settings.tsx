"use client";

import { LoadError } from "@/components/load-error";
import { Card } from "@/components/card";
import { NameForm } from "@/features/account/name-form";
import { PasswordForm } from "@/features/account/password-form";
import { useProfile } from "@/features/account/profile";

export function Settings() {
  const profile = useProfile();
  if (profile.isPending) return <p role="status">Loading your account…</p>;
  if (profile.isError) return <LoadError error={profile.error} onRetry={() => void profile.refetch()} />;
  return (
    <>
      <Card title="Name" marker="lychgate-protected-marker:settings-forms">
        <NameForm name={profile.data.name} />
      </Card>
      <Card title="Password">
        <PasswordForm email={profile.data.email} />
      </Card>
    </>
  );
}
