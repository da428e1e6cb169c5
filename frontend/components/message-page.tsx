import type { ReactNode } from "react";
import { Main } from "@/components/main";
import { Mark } from "@/components/mark";

/** A page with a single message, such as "Page not found". */
export function MessagePage({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <Main className="mx-auto flex max-w-lg flex-col justify-center gap-5 px-5 pt-10 pb-24">
      <Mark className="size-14" />
      <h1 className="text-3xl sm:text-4xl">{title}</h1>
      <p className="text-lg text-muted">{text}</p>
      {children && <div className="pt-2">{children}</div>}
    </Main>
  );
}
