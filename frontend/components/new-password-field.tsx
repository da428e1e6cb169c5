"use client";

import { useDeferredValue, useEffect, useState } from "react";
import type { UseFormRegisterReturn } from "react-hook-form";
import { PasswordField } from "@/components/password-field";
import type { Strength } from "@/lib/password-strength";

interface NewPasswordFieldProps {
  label: string;
  hint: string;
  error: string | undefined;
  registration: UseFormRegisterReturn;
  /** What has been typed so far. */
  password: string;
  /** Words that a password should not be made of. */
  personal: string[];
}

/**
 * A field for a new password, and how hard that password is to guess. One text stands below it, so that no two
 * contradict each other: what is wrong with it, or else how good it is, or, while it is empty, what it must be.
 */
export function NewPasswordField({ password, personal, hint, error, ...field }: NewPasswordFieldProps) {
  const strength = useStrength(password, personal);
  const shown = error === undefined ? strength : undefined;
  return (
    <PasswordField
      {...field}
      error={error}
      hint={error === undefined && strength === undefined ? hint : undefined}
      autoComplete="new-password"
      meter={<StrengthMeter strength={shown} />}
    />
  );
}

const levels = ["bg-danger", "bg-danger", "bg-lantern", "bg-accent", "bg-accent"];

function StrengthMeter({ strength }: { strength: Strength | undefined }) {
  return (
    <>
      <div aria-hidden="true" className="mt-0.5 flex gap-1.5">
        {levels.map((_, i) => (
          <span
            key={i}
            className={`h-1.5 grow rounded-full ${strength && i <= strength.score ? levels[strength.score] : "bg-blank"}`}
          />
        ))}
      </div>
      <p role="status" className="text-sm text-muted empty:sr-only">
        {strength && (
          <>
            <span className="sr-only">Strength: </span>
            <span>{strength.text}</span>
          </>
        )}
      </p>
    </>
  );
}

function useStrength(typed: string, personal: string[]): Strength | undefined {
  const password = useDeferredValue(typed);
  const words = personal.join("\n");
  const [strength, setStrength] = useState<Strength>();
  useEffect(() => {
    if (password === "") return;
    let current = true;
    // The form works without the meter, so it does not matter when it cannot be loaded.
    import("@/lib/password-strength").then(
      ({ passwordStrength }) => current && setStrength(passwordStrength(password, words.split("\n"))),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [password, words]);
  return password === "" ? undefined : strength;
}
