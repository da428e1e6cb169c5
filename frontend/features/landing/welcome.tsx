import type { ReactNode } from "react";
import { GateScene } from "@/components/gate-scene";
import { product } from "@/lib/product";

/** What the example is, at a glance; `start` holds the first links to follow. */
export function Welcome({ start }: { start: ReactNode }) {
  return (
    <section className="grid items-center gap-10 lg:grid-cols-[11fr_10fr] lg:gap-16">
      <div className="flex flex-col items-start gap-6">
        <p className="text-sm font-semibold text-accent">This is the example that comes with the program.</p>
        <h1 className="text-4xl leading-[1.1] sm:text-6xl">{product.tagline}</h1>
        <p className="max-w-xl text-lg text-muted sm:text-xl">
          One binary carries your Next.js site, signs people in, and shows protected pages to nobody else. No second
          server, no CORS, no token that a script could steal.
        </p>
        <div className="flex min-h-11 flex-wrap gap-3 pt-1">{start}</div>
      </div>
      <GateScene className="h-auto w-full rounded-3xl" />
    </section>
  );
}
