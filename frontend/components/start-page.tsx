import type { ReactNode } from "react";
import { product } from "@/lib/product";

/** A plain start page: what the product is, and the first links to follow. */
export function StartPage({ links }: { links: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-6">
      <h1 className="text-4xl leading-[1.1] sm:text-6xl">{product.name}</h1>
      <p className="max-w-xl text-lg text-muted sm:text-xl">{product.tagline}</p>
      <div className="flex min-h-11 flex-wrap gap-3 pt-1">{links}</div>
    </div>
  );
}
