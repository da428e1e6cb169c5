import type { ReactNode } from "react";

/** A titled part of a page. */
export function Card({ title, marker, children }: { title: string; marker?: string; children: ReactNode }) {
  return (
    <section data-marker={marker} className="rounded-2xl border border-line bg-surface p-6 sm:p-8">
      <h2 className="mb-5 text-xl font-semibold">{title}</h2>
      {children}
    </section>
  );
}
