"use client";

import { useState } from "react";
import { TextField, type TextFieldProps } from "@/components/text-field";
import { useHydrated } from "@/lib/hydration";

type PasswordFieldProps = Omit<TextFieldProps, "type" | "action">;

/** A field for a password, which can be shown. */
export function PasswordField(props: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  const hydrated = useHydrated();
  return (
    <TextField
      {...props}
      type={shown ? "text" : "password"}
      // Browsers would correct the password while it is shown, and send it to a spelling service.
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      // The bullets of the page's own font are hardly more than dots.
      className={`pr-18 ${shown ? "" : "[font-family:system-ui]"}`}
      action={
        <button
          type="button"
          disabled={!hydrated}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0.5 right-0.5 rounded-md px-3.5 text-sm font-semibold text-muted hover:text-ink"
        >
          <span>{shown ? "Hide" : "Show"}</span> <span className="sr-only">{props.label.toLowerCase()}</span>
        </button>
      }
    />
  );
}
