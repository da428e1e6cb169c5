"use client";

import type { ReactNode } from "react";
import { HardLink } from "@/components/hard-link";
import { useHydrated } from "@/lib/hydration";
import { DEFAULT_NEXT } from "@/lib/next";
import { requestedNext } from "@/lib/navigation";

interface AuthPageProps {
  title: string;
  children: ReactNode;
  other: { question: string; link: string; path: "/login" | "/register" };
}

/** The frame of the sign-in and the sign-up page, each of which leads to the other without forgetting `next`. */
export function AuthPage({ title, children, other }: AuthPageProps) {
  const next = useHydrated() ? requestedNext() : DEFAULT_NEXT;
  const query = next === DEFAULT_NEXT ? "" : `?next=${encodeURIComponent(next)}`;
  return (
    <main className="mx-auto flex w-full max-w-md grow flex-col justify-center gap-7 px-5 py-12">
      <h1 className="text-3xl font-semibold tracking-tight">{title}</h1>
      <noscript>
        <p className="rounded-lg border border-line px-3.5 py-2.5">JavaScript is needed to sign in.</p>
      </noscript>
      {children}
      <p className="text-muted">
        {other.question}{" "}
        <HardLink href={other.path + query} className="font-medium text-accent underline underline-offset-4">
          {other.link}
        </HardLink>
      </p>
    </main>
  );
}
