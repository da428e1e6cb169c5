"use client";

import { standardSchemaResolver } from "@hookform/resolvers/standard-schema";
import { useForm, useWatch } from "react-hook-form";
import { FormAlert } from "@/components/form-messages";
import { NewPasswordField } from "@/components/new-password-field";
import { SubmitButton } from "@/components/submit-button";
import { TextField } from "@/components/text-field";
import { register } from "@/features/auth/api";
import { CookiesRefused } from "@/features/auth/cookies-refused";
import { emailAddress, password } from "@/features/auth/fields";
import { useEnter } from "@/features/auth/use-enter";
import { ApiError } from "@/lib/api/error";
import { useSubmit } from "@/lib/form";
import { usePasswordMin } from "@/lib/methods";
import { object, string } from "@/lib/schema";

const schema = object({ name: string(), email: emailAddress, password });

/** `onClosed` is called when the server refuses the form because sign-up is closed. */
export function RegisterForm({ onClosed }: { onClosed: () => void }) {
  const { enter, refused } = useEnter();
  const passwordMin = usePasswordMin();
  const form = useForm({
    resolver: standardSchemaResolver(schema),
    defaultValues: { name: "", email: "", password: "" },
  });
  const { errors } = form.formState;
  const typed = useWatch({ control: form.control });
  const { submit, failure, busy, sent } = useSubmit(
    form,
    async (values) => {
      try {
        await register(values);
      } catch (error) {
        if (error instanceof ApiError && error.code === "signup_closed") onClosed();
        throw error;
      }
      await enter();
    },
    { email_taken: "email" },
  );

  if (refused) return <CookiesRefused />;

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
        inputMode="email"
        autoComplete="email"
        error={errors.email?.message}
        registration={form.register("email")}
      />
      <NewPasswordField
        label="Password"
        hint={`At least ${passwordMin} characters. A few unrelated words make a good one.`}
        error={errors.password?.message}
        registration={form.register("password")}
        password={typed.password ?? ""}
        personal={[typed.name ?? "", typed.email ?? ""]}
      />
      <FormAlert failure={failure} />
      <SubmitButton busy={busy || sent}>Create account</SubmitButton>
    </form>
  );
}
