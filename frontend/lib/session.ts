import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, client, type Schemas } from "@/lib/api/client";
import { onLook } from "@/lib/looks";
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
 * How open pages follow the session. The server alone decides who sees what; the pages only keep up with it. A call that
 * finds the session no longer valid leads to the login page (lib/query-client.ts). A page that a person looks at again
 * asks once whether the session still lives (lib/looks.ts), and nothing asks in between. No page leads on by itself more
 * than once (lib/navigation.ts).
 */

type Session = Schemas["Session"];

type Reason = NonNullable<Schemas["SignedOut"]["reason"]>;

type News = "signed-in" | "signed-out";

let opened: BroadcastChannel | undefined;

/** The one channel to the other tabs of this browser. A second one in this tab would hear its messages too. */
function channel(): BroadcastChannel {
  return (opened ??= new BroadcastChannel("session"));
}

/**
 * Calls back when another tab has signed in or out, and with `restored` when the browser brings this page back from
 * memory, where it received no news. News are never trusted: they are a reason to ask the server.
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

const sessionQuery = { queryKey: ["session"], queryFn: fetchSession };

/** Whether somebody is signed in, and until when. Public pages do not mention it when that cannot be found out. */
export function useSession() {
  const session = useQuery(sessionQuery);
  const { refetch } = session;
  useEffect(() => onNews(() => void refetch()), [refetch]);
  // All that ask at the same look share one question.
  useEffect(() => onLook(() => void refetch({ cancelRefetch: false })), [refetch]);
  return session;
}

/** Why the session of this browser no longer counts, where the server knows. */
export function useReason(): Reason | undefined {
  const session = useSession().data;
  return session?.authenticated === false ? session.reason : undefined;
}

/** Leads on a person who opens a sign-in page while signed in, or who signs in elsewhere while it is open. */
export function useContinueWhenSignedIn(): void {
  const session = useSession().data;
  useEffect(() => {
    if (isSentForDuplicateCookies() || isRefusedForDuplicates(session)) setObstacle("duplicate-cookies");
    else if (session?.authenticated) continueToNext();
  }, [session]);
}

/**
 * Makes a protected page follow the session: it leaves when another tab signs out, and reloads when another person signs
 * in, or when the browser brings it back from memory. When the person looks at it again, it leaves if the session has
 * been revoked elsewhere, and shows the latest otherwise.
 */
export function useFollowSession(personId: string | undefined): void {
  const queryClient = useQueryClient();
  useEffect(
    () =>
      onLook(() => {
        void (async () => {
          // Without an answer nothing is known: what the page shows may still be right.
          const session = await queryClient.fetchQuery({ ...sessionQuery, retry: false }).catch(() => undefined);
          if (!session || isRefusedForDuplicates(session)) return;
          if (!session.authenticated) leaveForLogin();
          else if (personId !== undefined && session.user.id !== personId) reloadPage();
          else void queryClient.refetchQueries({ type: "active", stale: true, predicate: isAboutTheAccount });
        })();
      }),
    [queryClient, personId],
  );
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

/** Whether it is not the question that has just been answered. */
function isAboutTheAccount({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return queryKey[0] !== sessionQuery.queryKey[0];
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

/** The server accepted the sign-in, but the browser does not send the cookies that came with it. */
export class CookiesRefusedError extends Error {
  override readonly name = "CookiesRefusedError";
}

/**
 * Leads on to the return path, after a sign-in or sign-up that the server accepted. It throws a CookiesRefusedError when
 * the browser did not keep the session. With duplicate cookies it stays, and the page says so (lib/obstacle.ts).
 */
export async function enter(): Promise<void> {
  // If the server cannot say, the guard will.
  const session = await fetchSession().catch(() => undefined);
  if (isRefusedForDuplicates(session)) return setObstacle("duplicate-cookies");
  if (session?.authenticated === false) throw new CookiesRefusedError();
  startAnew();
  channel().postMessage("signed-in" satisfies News);
  enterNext();
}

/** Leaves for the login page, after a sign-out that the server accepted. */
export function leave(): void {
  startAnew();
  channel().postMessage("signed-out" satisfies News);
  leaveSignedOut();
}
