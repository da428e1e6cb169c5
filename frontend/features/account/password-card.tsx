"use client";

import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { useForm, useWatch } from "react-hook-form";
import { Card } from "@/components/card";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { Loaded } from "@/components/loaded";
import { NewPasswordField } from "@/components/new-password-field";
import { PasswordField } from "@/components/password-field";
import { SubmitButton } from "@/components/submit-button";
import { useChangePassword, useProfile, type User } from "@/features/account/api";
import { useSubmit } from "@/lib/form";
import { usePasswordMin } from "@/lib/methods";
import { minLength, object, string } from "@/lib/schema";

export function PasswordCard() {
  return (
    <Card title="Password">
      <Loaded query={useProfile()} label="Loading your account…" lines={11}>
        {(user) => <PasswordForm user={user} />}
      </Loaded>
    </Card>
  );
}

const schema = object({
  currentPassword: string().check(minLength(1, "Enter your current password.")),
  newPassword: string().check(minLength(1, "Enter a new password.")),
});

const empty = { currentPassword: "", newPassword: "" };

function PasswordForm({ user }: { user: User }) {
  const changePassword = useChangePassword();
  const passwordMin = usePasswordMin();
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: empty });
  const { errors, isDirty } = form.formState;
  const newPassword = useWatch({ control: form.control, name: "newPassword" });
  const { submit, failure, busy, sent } = useSubmit(
    form,
    async (values) => {
      await changePassword(values);
      form.reset(empty);
    },
    { invalid_credentials: "currentPassword" },
  );

  return (
    <form method="post" noValidate onSubmit={submit} className="flex max-w-md flex-col gap-5 lg:max-w-none">
      {/* Tells a password manager which account the new password belongs to. */}
      <input type="text" autoComplete="username" value={user.email} readOnly hidden />
      <PasswordField
        label="Current password"
        autoComplete="current-password"
        error={errors.currentPassword?.message}
        registration={form.register("currentPassword")}
      />
      <NewPasswordField
        label="New password"
        hint={`At least ${passwordMin} characters. You stay signed in here and are signed out everywhere else.`}
        error={errors.newPassword?.message}
        registration={form.register("newPassword")}
        password={newPassword}
        personal={[user.name, user.email]}
      />
      <FormAlert failure={failure} />
      <FormStatus message={sent && !isDirty ? "Your password is changed." : undefined} />
      <div>
        <SubmitButton busy={busy}>Change password</SubmitButton>
      </div>
    </form>
  );
}
