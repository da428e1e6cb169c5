import type { ReactNode } from "react";
import { GateScene } from "@/components/gate-scene";
import { Main } from "@/components/main";
import { Mark } from "@/components/mark";

/** A page with a single message, such as "Page not found". */
export function MessagePage({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <Main className="mx-auto grid max-w-6xl content-center gap-10 px-5 pt-10 pb-24 sm:px-8 md:grid-cols-2 lg:gap-16">
      <div className="flex max-w-lg flex-col justify-center gap-5">
        <Mark className="size-14" />
        <h1 className="text-3xl sm:text-4xl">{title}</h1>
        <p className="text-lg text-muted">{text}</p>
        {children && <div className="pt-2">{children}</div>}
      </div>
      <GateScene className="h-auto w-full rounded-3xl max-md:hidden" />
    </Main>
  );
}
