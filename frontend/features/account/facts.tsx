import type { ReactNode } from "react";

/** A list of facts about the account, each with a term for it. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="flex flex-col gap-4">{children}</dl>;
}

export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-0.5">
      <dt className="text-sm text-muted">{term}</dt>
      <dd className="font-medium wrap-others">{children}</dd>
    </div>
  );
}
