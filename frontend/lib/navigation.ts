import { DEFAULT_NEXT, safeNext } from "@/lib/safenext";
import { setObstacle } from "@/lib/obstacle";

/*
 * Whoever signs in or out leaves the document: the router's cache, the query cache and the pages in memory belong to
 * the person before.
 *
 * What a page does by itself it does once: where the guard and the API do not agree about a browser, it would be sent
 * round for ever. It then stays, and says so (lib/obstacle.ts).
 */

/** The `next` of this page's address, checked, with the fragment that the browser has kept on the way here. */
export function requestedNext(): string {
  return requestedPage() + fragment();
}

/** The address of the other page to sign in or up on, with the same wish. */
export function withSameWish(path: "/login" | "/register"): string {
  const page = requestedPage();
  return path + (page === DEFAULT_NEXT ? "" : `?next=${encodeURIComponent(page)}`) + fragment();
}

function requestedPage(): string {
  return safeNext(new URLSearchParams(window.location.search).get("next"));
}

/** Whether the guard has sent this browser here because of duplicate cookies. */
export function isSentForDuplicateCookies(): boolean {
  return new URLSearchParams(window.location.search).get("error") === "duplicate_cookies";
}

/** Where somebody signs in who wants to come back to this page. */
export function loginForHere(): string {
  const here = window.location.pathname + window.location.search;
  return `/login?next=${encodeURIComponent(here)}${fragment()}`;
}

/** For whoever is signed in already. Replaces, so that Back does not return to the form. */
export function continueToNext(): void {
  go(requestedNext());
}

/** After sign-in: a person did that, so the page does not go round by itself, even where nothing can be remembered. */
export function enterNext(): void {
  remember(requestedNext());
  leaveFor(requestedNext());
}

/** When the session is over: to the login page and, after sign-in, back to here. */
export function leaveForLogin(): void {
  go(loginForHere());
}

/** After sign-out. Adds an entry, so that Back asks the server for the page again and is sent to the login page. */
export function leaveSignedOut(): void {
  // eslint-disable-next-line @next/next/no-location-assign-relative-destination -- a new document is the point
  window.location.assign("/login");
}

/** From the server again, whatever is in memory. */
export function reloadPage(): void {
  window.location.reload();
}

/** The part of the address behind the `#`, which no server sees. The one of the skip link is left out. */
function fragment(): string {
  const { hash } = window.location;
  return hash === "#content" ? "" : hash;
}

const VISITED_KEY = "visited-by-itself";

/** Longer than a way round takes, also where the network is slow. */
const LONG_AGO_MS = 30_000;

let leaving = false;

/** Leads on, unless this document is being left already, or the same has been tried a moment ago. */
function go(destination: string): void {
  if (leaving) return;
  if (!remember(destination)) return setObstacle("round-trip");
  leaveFor(destination);
}

function leaveFor(destination: string): void {
  leaving = true;
  window.location.replace(destination);
}

/** Forgets where this tab has been led: for whenever a person signs in or out, which makes everything new. */
export function startAnew(): void {
  leaving = false;
  setObstacle(undefined);
  try {
    sessionStorage.removeItem(VISITED_KEY);
  } catch {
    // Then there is nothing to forget either.
  }
}

/** Notes that this tab is led somewhere, and reports whether that is the first time of late. */
function remember(destination: string): boolean {
  try {
    const now = Date.now();
    const visits = Object.entries(visited()).filter(([, at]) => now - at < LONG_AGO_MS);
    const isFirst = !visits.some(([place]) => place === destination);
    if (isFirst) {
      sessionStorage.setItem(VISITED_KEY, JSON.stringify(Object.fromEntries([...visits, [destination, now]])));
    }
    return isFirst;
  } catch {
    return false; // Without a memory it could go on for ever.
  }
}

function visited(): Record<string, number> {
  return JSON.parse(sessionStorage.getItem(VISITED_KEY) ?? "{}") as Record<string, number>;
}
