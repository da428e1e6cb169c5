"use client";

import { Card } from "@/components/card";
import { PasswordForm } from "@/features/account/password-form";
import { WithProfile } from "@/features/account/with-profile";

export function PasswordCard() {
  return (
    <Card title="Password">
      <WithProfile lines={11}>{(user) => <PasswordForm user={user} />}</WithProfile>
    </Card>
  );
}
