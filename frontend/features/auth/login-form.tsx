"use client";

import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { useForm } from "react-hook-form";
import { FormAlert } from "@/components/form-messages";
import { PasswordField } from "@/components/password-field";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { login } from "@/features/auth/api";
import { CookiesRefused } from "@/features/auth/cookies-refused";
import { emailAddress, password } from "@/features/auth/fields";
import { useEnter } from "@/features/auth/use-enter";
import { useSubmit } from "@/lib/form";
import { object } from "@/lib/schema";
import { useContinueWhenSignedIn } from "@/lib/session";

const schema = object({ email: emailAddress, password });

export function LoginForm() {
  useContinueWhenSignedIn();
  const { enter, refused } = useEnter();
  const form = useForm({ resolver: standardSchemaResolver(schema), defaultValues: { email: "", password: "" } });
  const { errors } = form.formState;
  const { submit, failure, busy, sent } = useSubmit(form, async (values) => {
    await login(values);
    await enter();
  });

  if (refused) return <CookiesRefused />;
  return (
    <form method="post" noValidate onSubmit={submit} className="flex flex-col gap-5">
      <TextField
        label="E-mail"
        type="email"
        inputMode="email"
        autoComplete="username"
        error={errors.email?.message}
        registration={form.register("email")}
      />
      <PasswordField
        label="Password"
        autoComplete="current-password"
        error={errors.password?.message}
        registration={form.register("password")}
      />
      <FormAlert failure={failure} />
      <SubmitButton busy={busy || sent}>Sign in</SubmitButton>
    </form>
  );
}
