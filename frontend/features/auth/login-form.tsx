"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormAlert } from "@/components/form-messages";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { emailAddress, password } from "@/features/auth/fields";
import { useContinueWhenSignedIn } from "@/features/auth/use-continue-when-signed-in";
import { api } from "@/lib/api/client";
import { useSubmit } from "@/lib/form";
import { continueToNext } from "@/lib/navigation";
import { z } from "@/lib/schema";

const schema = z.object({ email: emailAddress, password });

export function LoginForm() {
  useContinueWhenSignedIn();
  const form = useForm({ resolver: zodResolver(schema) });
  const { errors, isSubmitting } = form.formState;
  const { submit, sent } = useSubmit(form, async (values) => {
    await api.login(values);
    continueToNext();
  });

  return (
    <form method="post" noValidate onSubmit={submit} className="flex flex-col gap-5">
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        error={errors.email?.message}
        registration={form.register("email")}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        error={errors.password?.message}
        registration={form.register("password")}
      />
      <FormAlert message={errors.root?.message} />
      <SubmitButton busy={isSubmitting || sent}>Sign in</SubmitButton>
    </form>
  );
}
