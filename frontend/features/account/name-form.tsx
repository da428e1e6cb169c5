"use client";

import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { profileKey } from "@/features/account/profile";
import { api } from "@/lib/api/client";
import { useSubmit } from "@/lib/form";
import { object, string } from "@/lib/schema";

const schema = object({ name: string() });

export function NameForm({ name }: { name: string }) {
  const queryClient = useQueryClient();
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { name } });
  const { errors, isDirty } = form.formState;
  const { submit, failure, busy, sent } = useSubmit(form, async (values) => {
    const user = await api.updateProfile(values);
    queryClient.setQueryData(profileKey, user);
    form.reset({ name: user.name });
  });

  return (
    <form method="post" noValidate onSubmit={submit} className="flex max-w-md flex-col gap-5">
      <TextField
        label="Name"
        type="text"
        autoComplete="name"
        error={errors.name?.message}
        registration={form.register("name")}
      />
      <FormAlert failure={failure} />
      <FormStatus message={sent && !isDirty ? "Your name is saved." : undefined} />
      <div>
        <SubmitButton busy={busy}>Save name</SubmitButton>
      </div>
    </form>
  );
}
