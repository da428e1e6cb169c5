"use client";

import type { ReactNode } from "react";
import { ButtonLink } from "@/components/button";
import { DuplicateCookies } from "@/components/duplicate-cookies";
import { HardLink } from "@/components/hard-link";
import { GateScene } from "@/components/gate-scene";
import { Main } from "@/components/main";
import { Notice } from "@/components/notice";
import { SentBack } from "@/features/auth/sent-back";
import { useHydrated } from "@/lib/hydration";
import { requestedNext, withSameNext } from "@/lib/navigation";
import { useObstacle } from "@/lib/obstacle";

interface AuthPageProps {
  title: string;
  text: string;
  children: ReactNode;
  other: { question: string; link: string; path: "/login" | "/register" };
}

/** The frame of the sign-in and the sign-up page. Each links to the other, and keeps `next`. */
export function AuthPage({ title, text, children, other }: AuthPageProps) {
  const obstacle = useObstacle();
  const hydrated = useHydrated();
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
        {obstacle === "duplicate-cookies" && (
          <DuplicateCookies actions={<ButtonLink href={requestedNext()}>Try again</ButtonLink>} />
        )}
        {obstacle === "round-trip" && <SentBack to={requestedNext()} />}
        {obstacle !== "duplicate-cookies" && <div>{children}</div>}
        <p className="text-muted">
          <span>{other.question}</span>{" "}
          <HardLink
            href={hydrated ? withSameNext(other.path) : other.path}
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
