"use client";

import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { useHydrated } from "@/lib/hydration";

/**
 * Disabled until the page is hydrated: before that, the browser itself would send the form, and also Enter sends
 * nothing while a form's submit button is disabled.
 */
export function SubmitButton({ busy, children }: { busy: boolean; children: ReactNode }) {
  const hydrated = useHydrated();
  return (
    <Button type="submit" disabled={!hydrated || busy} aria-busy={busy}>
      {children}
    </Button>
  );
}
