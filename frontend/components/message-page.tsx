import type { ReactNode } from "react";

/** A page that says one thing: not found, broken. */
export function MessagePage({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <main className="mx-auto flex w-full max-w-md grow flex-col justify-center gap-5 px-5 py-16">
      <h1 className="text-3xl font-semibold tracking-tight">{title}</h1>
      <p className="text-lg text-muted">{text}</p>
      <div>{children}</div>
    </main>
  );
}
