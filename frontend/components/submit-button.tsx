"use client";

import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { useHydrated } from "@/lib/hydration";

/**
 * Disabled until the page is hydrated: before that, the browser itself would send the form. Enter sends nothing either
 * while the submit button is disabled. While the form is being sent the button is only marked as disabled, because a
 * disabled button loses the focus, and a spinner takes the place of its words. lib/form.ts makes sure that the form is
 * sent once.
 */
export function SubmitButton({ busy, className = "", children }: SubmitButtonProps) {
  const hydrated = useHydrated();
  return (
    <Button
      type="submit"
      disabled={!hydrated}
      aria-disabled={busy}
      aria-busy={busy}
      className={`relative ${className}`}
    >
      {busy && <LoaderCircle aria-hidden="true" className="absolute inset-0 m-auto size-5 animate-spin" />}
      <span className={busy ? "opacity-0" : ""}>{children}</span>
    </Button>
  );
}

interface SubmitButtonProps {
  busy: boolean;
  className?: string;
  children: ReactNode;
}
