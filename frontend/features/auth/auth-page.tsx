"use client";

import type { ReactElement, ReactNode } from "react";
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
  text: ReactElement;
  children: ReactNode;
  /** Stands below, such as the way to the other page. */
  below: ReactElement;
}

/** The frame of the sign-in and the sign-up page. */
export function AuthPage({ title, text, children, below }: AuthPageProps) {
  const obstacle = useObstacle();
  return (
    <Main className="mx-auto grid max-w-6xl gap-10 px-5 pt-8 pb-20 sm:px-8 sm:pt-16 md:grid-cols-2 lg:gap-16">
      <div className="flex w-full max-w-md flex-col gap-7">
        <div className="flex flex-col gap-2">
          <h1 className="text-4xl">{title}</h1>
          <div className="text-muted">{text}</div>
        </div>
        <noscript>
          <Notice>JavaScript is needed to sign in. Turn it on for this site, and load the page again.</Notice>
        </noscript>
        {obstacle === "duplicate-cookies" && (
          <DuplicateCookies actions={<ButtonLink href={requestedNext()}>Try again</ButtonLink>} />
        )}
        {obstacle === "round-trip" && <SentBack to={requestedNext()} />}
        {children && obstacle !== "duplicate-cookies" && <div>{children}</div>}
        <div>{below}</div>
      </div>
      <GateScene className="h-auto w-full rounded-3xl max-md:hidden" />
    </Main>
  );
}

interface OtherPageProps {
  question: string;
  link: string;
  path: "/login" | "/register";
  className?: string;
}

/** Leads from one of the two pages to the other, and keeps `next`. */
export function OtherPage({ question, link, path, className = "" }: OtherPageProps) {
  const hydrated = useHydrated();
  return (
    <p className={`text-muted ${className}`}>
      <span>{question}</span>{" "}
      <HardLink
        href={hydrated ? withSameNext(path) : path}
        className="inline-flex min-h-11 items-center font-semibold text-accent underline underline-offset-4"
      >
        {link}
      </HardLink>
    </p>
  );
}
