import type { ReactNode } from "react";
import { HardLink } from "@/components/hard-link";
import { Mark } from "@/components/mark";
import { product } from "@/lib/product";

/** The name of the product, and what the page puts beside it: in one line even on the narrowest phones, where a long name is cut. */
export function SiteHeader({ children }: { children?: ReactNode }) {
  return (
    <header className="mx-auto flex min-h-18 w-full max-w-6xl flex-wrap items-center gap-x-2 px-5 py-3 max-[22.5rem]:gap-x-0 sm:gap-x-4 sm:px-8">
      <div className="flex min-w-0 flex-1 basis-28">
        <HardLink
          href="/"
          className="flex min-h-11 min-w-0 items-center gap-2.5 rounded-lg font-serif text-xl max-[22.5rem]:gap-2 max-[22.5rem]:text-lg"
        >
          <Mark className="size-8 shrink-0" />
          <span className="truncate">{product.name}</span>
        </HardLink>
      </div>
      {children}
    </header>
  );
}
