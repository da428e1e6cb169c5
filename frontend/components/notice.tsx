import type { ReactNode } from "react";

/** Something to know before going on. */
export function Notice({ children }: { children: ReactNode }) {
  return <div className="flex flex-col gap-3 rounded-lg bg-accent-soft px-4 py-3.5">{children}</div>;
}
