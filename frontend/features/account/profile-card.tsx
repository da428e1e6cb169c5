"use client";

import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { useForm } from "react-hook-form";
import { Card } from "@/components/card";
import { FormAlert, FormStatus } from "@/components/form-messages";
import { Loaded } from "@/components/loaded";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { useProfile, useUpdateProfile } from "@/features/account/api";
import { useSubmit } from "@/lib/form";
import { object, string } from "@/lib/schema";

export function ProfileCard() {
  return (
    <Card title="Profile" marker="lychgate-protected-marker:settings-forms">
      <Loaded query={useProfile()} label="Loading your account…" lines={5}>
        {({ name }) => <NameForm name={name} />}
      </Loaded>
    </Card>
  );
}

const schema = object({ name: string() });

function NameForm({ name }: { name: string }) {
  const updateProfile = useUpdateProfile();
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { name } });
  const { errors, isDirty } = form.formState;
  const { submit, failure, busy, sent } = useSubmit(form, async (values) => {
    const user = await updateProfile(values);
    form.reset({ name: user.name });
  });

  return (
    <form method="post" noValidate onSubmit={submit} className="flex max-w-md flex-col gap-5 lg:max-w-none">
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
