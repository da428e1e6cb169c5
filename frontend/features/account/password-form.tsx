"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { api } from "@/lib/api/client";
import { useSubmit } from "@/lib/form";
import { z } from "@/lib/schema";

const schema = z.object({
  currentPassword: z.string().min(1, "Enter your current password."),
  newPassword: z.string().min(1, "Enter a new password."),
});

const empty = { currentPassword: "", newPassword: "" };

export function PasswordForm({ email }: { email: string }) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: empty });
  const { errors, isSubmitting, isDirty } = form.formState;
  const { submit, sent } = useSubmit(
    form,
    async (values) => {
      await api.changePassword(values);
      form.reset(empty);
    },
    { invalid_credentials: "currentPassword" },
  );

  return (
    <form method="post" noValidate onSubmit={submit} className="flex max-w-md flex-col gap-5">
      {/* Tells a password manager which account the new password belongs to. */}
      <input type="text" autoComplete="username" value={email} readOnly hidden />
      <TextField
        label="Current password"
        type="password"
        autoComplete="current-password"
        error={errors.currentPassword?.message}
        registration={form.register("currentPassword")}
      />
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        hint="At least 8 characters. You stay signed in here and are signed out everywhere else."
        error={errors.newPassword?.message}
        registration={form.register("newPassword")}
      />
      <FormAlert message={errors.root?.message} />
      <FormStatus message={sent && !isDirty ? "Your password is changed." : undefined} />
      <div>
        <SubmitButton busy={isSubmitting}>Change password</SubmitButton>
      </div>
    </form>
  );
}
