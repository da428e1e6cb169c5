import type { ReactNode } from "react";
import { HardLink } from "@/components/hard-link";
import { Mark } from "@/components/mark";
import { product } from "@/lib/product";

/** The name of the product, and what the page puts beside it: in one line even on the narrowest phones. */
export function SiteHeader({ children }: { children?: ReactNode }) {
  return (
    <header className="mx-auto flex min-h-18 w-full max-w-6xl flex-wrap items-center gap-x-2 px-5 py-3 max-[22.5rem]:gap-x-0 sm:gap-x-4 sm:px-8">
      <HardLink
        href="/"
        className="mr-auto flex min-h-11 items-center gap-2.5 rounded-lg font-serif text-xl max-[22.5rem]:gap-2 max-[22.5rem]:text-lg"
      >
        <Mark />
        <span>{product.name}</span>
      </HardLink>
      {children}
    </header>
  );
}
