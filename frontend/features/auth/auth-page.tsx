"use client";

import type { ReactNode } from "react";
import { HardLink } from "@/components/hard-link";
import { GateScene } from "@/components/gate-scene";
import { Main } from "@/components/main";
import { Notice } from "@/components/notice";
import { useHydrated } from "@/lib/hydration";
import { DEFAULT_NEXT } from "@/lib/next";
import { requestedNext } from "@/lib/navigation";

interface AuthPageProps {
  title: string;
  text: string;
  children: ReactNode;
  other: { question: string; link: string; path: "/login" | "/register" };
}

/** The frame of the sign-in and the sign-up page, each of which leads to the other without forgetting `next`. */
export function AuthPage({ title, text, children, other }: AuthPageProps) {
  const next = useHydrated() ? requestedNext() : DEFAULT_NEXT;
  const query = next === DEFAULT_NEXT ? "" : `?next=${encodeURIComponent(next)}`;
  return (
    <Main className="mx-auto grid max-w-6xl gap-16 px-5 pt-8 pb-20 sm:px-8 sm:pt-16 lg:grid-cols-2">
      <div className="mx-auto flex w-full max-w-md flex-col gap-7">
        <div className="flex flex-col gap-2">
          <h1 className="text-4xl">{title}</h1>
          <p className="text-muted">{text}</p>
        </div>
        <noscript>
          <Notice>JavaScript is needed to sign in. Turn it on for this site, and load the page again.</Notice>
        </noscript>
        {children}
        <p className="text-muted">
          {other.question}{" "}
          <HardLink
            href={other.path + query}
            className="inline-flex min-h-11 items-center font-semibold text-accent underline underline-offset-4"
          >
            {other.link}
          </HardLink>
        </p>
      </div>
      <GateScene className="h-auto w-full rounded-3xl max-lg:hidden" />
    </Main>
  );
}
