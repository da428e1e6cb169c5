"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { FormAlert } from "@/components/form-messages";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { emailAddress, password } from "@/features/auth/fields";
import { useContinueWhenSignedIn } from "@/features/auth/use-continue-when-signed-in";
import { api } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { useSubmit } from "@/lib/form";
import { continueToNext } from "@/lib/navigation";
import { z } from "@/lib/schema";

const schema = z.object({ name: z.string(), email: emailAddress, password });

export function RegisterForm() {
  useContinueWhenSignedIn();
  const [closed, setClosed] = useState(false);
  const form = useForm({ resolver: zodResolver(schema) });
  const { errors, isSubmitting } = form.formState;
  const { submit, sent } = useSubmit(
    form,
    async (values) => {
      try {
        await api.register(values);
      } catch (error) {
        if (error instanceof ApiError && error.code === "signup_closed") setClosed(true);
        throw error;
      }
      continueToNext();
    },
    { email_taken: "email" },
  );

  if (closed) {
    return (
      <p role="alert" className="text-lg">
        Sign-up is closed here. Ask whoever runs this site for an account.
      </p>
    );
  }

  return (
    <form method="post" noValidate onSubmit={submit} className="flex flex-col gap-5">
      <TextField
        label="Name (optional)"
        type="text"
        autoComplete="name"
        error={errors.name?.message}
        registration={form.register("name")}
      />
      <TextField
        label="E-mail"
        type="email"
        autoComplete="email"
        error={errors.email?.message}
        registration={form.register("email")}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        hint="At least 8 characters. A few unrelated words make a good one."
        error={errors.password?.message}
        registration={form.register("password")}
      />
      <FormAlert message={errors.root?.message} />
      <SubmitButton busy={isSubmitting || sent}>Create account</SubmitButton>
    </form>
  );
}
