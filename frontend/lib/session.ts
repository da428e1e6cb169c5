import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, client, type Schemas } from "@/lib/api/client";
import {
  continueToNext,
  enterNext,
  isSentForDuplicateCookies,
  leaveForLogin,
  leaveSignedOut,
  reloadPage,
  startAnew,
} from "@/lib/navigation";
import { setObstacle } from "@/lib/obstacle";

/*
 * What the pages do about the session, on top of the guard: the server alone decides who sees what, and these make the
 * open pages follow. A call that finds the session over leads to the login page (lib/query-client.ts). No page leads
 * on by itself more than once (lib/navigation.ts).
 */

type Session = Schemas["Session"];

type News = "signed-in" | "signed-out";

let opened: BroadcastChannel | undefined;

/** To the other tabs of this browser: there is one channel, because another one in this tab would hear it too. */
function channel(): BroadcastChannel {
  return (opened ??= new BroadcastChannel("session"));
}

/**
 * Calls back when another tab has signed in or out, and with `restored` when the browser brings this page back from its
 * memory, where no news reached it. News are not believed: they are a reason to ask the server.
 */
function onNews(listener: (news: News | "restored") => void): () => void {
  const onMessage = (event: MessageEvent<News>) => {
    startAnew();
    listener(event.data);
  };
  const onPageShow = (event: PageTransitionEvent) => {
    if (event.persisted) listener("restored");
  };
  channel().addEventListener("message", onMessage);
  window.addEventListener("pageshow", onPageShow);
  return () => {
    channel().removeEventListener("message", onMessage);
    window.removeEventListener("pageshow", onPageShow);
  };
}

function fetchSession(): Promise<Session> {
  return answer(client.GET("/api/auth/session"));
}

/** Whether somebody is signed in, and until when. For public pages failing to find out is not worth a word. */
export function useSession() {
  const session = useQuery({ queryKey: ["session"], queryFn: fetchSession });
  const { refetch } = session;
  useEffect(() => onNews(() => void refetch()), [refetch]);
  return session;
}

/** Moves on whoever opens a sign-in page while signed in, or signs in elsewhere while it is open. */
export function useContinueWhenSignedIn(): void {
  const session = useSession().data;
  useEffect(() => {
    if (isSentForDuplicateCookies() || isRefusedForDuplicates(session)) setObstacle("duplicate-cookies");
    else if (session?.authenticated) continueToNext();
  }, [session]);
}

/**
 * Keeps a protected page true to the session: it leaves with a sign-out in another tab, and comes anew for another
 * person, or when the browser brings it back from its memory.
 */
export function useFollowSession(personId: string | undefined): void {
  useEffect(
    () =>
      onNews((news) => {
        if (news === "restored") reloadPage();
        else if (news === "signed-out") leaveForLogin();
        else void reloadForAnother(personId);
      }),
    [personId],
  );
}

async function reloadForAnother(personId: string | undefined): Promise<void> {
  const session = await fetchSession().catch(() => undefined);
  if (!session) return;
  const id = session.authenticated ? session.user.id : undefined;
  if (id !== personId) reloadPage();
}

function isRefusedForDuplicates(session: Session | undefined): boolean {
  return session?.authenticated === false && session.reason === "duplicate_cookies";
}

/** The sign-in went well, and yet the browser does not send the cookies that came with it. */
export class CookiesRefusedError extends Error {
  override readonly name = "CookiesRefusedError";
}

/**
 * After a sign-in or sign-up that the server took: on to where the person wanted to go. It throws a CookiesRefusedError
 * when the browser did not keep the session; duplicate cookies are told of by the page (lib/obstacle.ts).
 */
export async function enter(): Promise<void> {
  // When this very question fails, the guard will give the answer.
  const session = await fetchSession().catch(() => undefined);
  if (isRefusedForDuplicates(session)) return setObstacle("duplicate-cookies");
  if (session?.authenticated === false) throw new CookiesRefusedError();
  startAnew();
  channel().postMessage("signed-in" satisfies News);
  enterNext();
}

/** After a sign-out that the server took. */
export function leave(): void {
  startAnew();
  channel().postMessage("signed-out" satisfies News);
  leaveSignedOut();
}
