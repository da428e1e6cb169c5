"use client";

import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { useHydrated } from "@/lib/hydration";

/**
 * Disabled until the page is hydrated: before that, the browser itself would send the form, and also Enter sends
 * nothing while a form's submit button is disabled. While the form is being sent it is so in name only, for a disabled
 * button would lose the focus; the form itself is sent once (lib/form.ts).
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
      {busy && <LoaderCircle aria-hidden="true" className="absolute left-4 size-5 animate-spin" />}
      <span>{children}</span>
    </Button>
  );
}

interface SubmitButtonProps {
  busy: boolean;
  className?: string;
  children: ReactNode;
}
