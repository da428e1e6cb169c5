import type { ReactNode } from "react";
import { HardLink } from "@/components/hard-link";

/** The product's name, and whatever the page puts beside it. */
export function SiteHeader({ children }: { children?: ReactNode }) {
  return (
    <header className="border-b border-line">
      <div className="mx-auto flex min-h-16 w-full max-w-4xl flex-wrap items-center justify-between gap-x-6 gap-y-2 px-5 py-2">
        <HardLink href="/" className="text-lg font-semibold tracking-tight">
          Lychgate
        </HardLink>
        {children}
      </div>
    </header>
  );
}
