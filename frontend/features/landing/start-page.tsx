import type { ReactNode } from "react";
import { HowItWorks } from "@/features/landing/how-it-works";
import { MakeItYours } from "@/features/landing/make-it-yours";
import { Promises } from "@/features/landing/promises";
import { Welcome } from "@/features/landing/welcome";

/**
 * The start page of the example. Without this folder the one in frontend/components takes its place (see "paths" in
 * frontend/tsconfig.json).
 */
export function StartPage({ links }: { links: ReactNode }) {
  return (
    <div className="flex flex-col gap-20 sm:gap-28">
      <Welcome start={links} />
      <HowItWorks />
      <Promises />
      <MakeItYours />
    </div>
  );
}
