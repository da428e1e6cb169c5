"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { profileKey } from "@/features/account/profile";
import { api } from "@/lib/api/client";
import { useSubmit } from "@/lib/form";
import { z } from "@/lib/schema";

const schema = z.object({ name: z.string() });

export function NameForm({ name }: { name: string }) {
  const queryClient = useQueryClient();
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name } });
  const { errors, isSubmitting, isDirty } = form.formState;
  const { submit, sent } = useSubmit(form, async (values) => {
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
      <FormAlert message={errors.root?.message} />
      <FormStatus message={sent && !isDirty ? "Your name is saved." : undefined} />
      <div>
        <SubmitButton busy={isSubmitting}>Save name</SubmitButton>
      </div>
    </form>
  );
}
