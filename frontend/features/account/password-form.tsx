"use client";

import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { useQueryClient } from "@tanstack/react-query";
import { useForm, useWatch } from "react-hook-form";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { NewPasswordField } from "@/components/new-password-field";
import { PasswordField } from "@/components/password-field";
import { SubmitButton } from "@/components/submit-button";
import { eventsKey } from "@/features/account/events";
import { sessionsKey } from "@/features/account/sessions";
import { api, type User } from "@/lib/api/client";
import { useSubmit } from "@/lib/form";
import { minLength, object, string } from "@/lib/schema";

const schema = object({
  currentPassword: string().check(minLength(1, "Enter your current password.")),
  newPassword: string().check(minLength(1, "Enter a new password.")),
});

const empty = { currentPassword: "", newPassword: "" };

export function PasswordForm({ user }: { user: User }) {
  const queryClient = useQueryClient();
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: empty });
  const { errors, isDirty } = form.formState;
  const newPassword = useWatch({ control: form.control, name: "newPassword" });
  const { submit, failure, busy, sent } = useSubmit(
    form,
    async (values) => {
      try {
        await api.changePassword(values);
        form.reset(empty);
        void queryClient.invalidateQueries({ queryKey: sessionsKey });
      } finally {
        void queryClient.invalidateQueries({ queryKey: eventsKey }); // A failed attempt is one too.
      }
    },
    { invalid_credentials: "currentPassword" },
  );

  return (
    <form method="post" noValidate onSubmit={submit} className="flex max-w-md flex-col gap-5">
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
        hint="At least 8 characters. You stay signed in here and are signed out everywhere else."
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
