"use client";

import { Card } from "@/components/card";
import { Appearance } from "@/features/account/appearance";
import { NameForm } from "@/features/account/name-form";
import { WithProfile } from "@/features/account/with-profile";

export function Settings() {
  return (
    <div className="grid items-start gap-6 lg:grid-cols-2">
      <Card title="Profile" marker="lychgate-protected-marker:settings-forms">
        <WithProfile lines={5}>{(user) => <NameForm name={user.name} />}</WithProfile>
      </Card>
      <Card title="Appearance">
        <Appearance />
      </Card>
    </div>
  );
}
