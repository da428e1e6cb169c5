import { DEFAULT_NEXT, safeNext } from "@/lib/safenext";
import { setObstacle } from "@/lib/obstacle";

/*
 * Signing in or out always loads a new document: the router's cache, the query cache and the pages in memory belong to
 * the person who was signed in before.
 *
 * A page leads on by itself only once. If the guard and the API disagreed about a browser, they would send it back and
 * forth for ever. The page then stays, and says so (lib/obstacle.ts).
 */

/** The return path of this page's address, checked, with the fragment that the browser has kept on the way here. */
export function requestedNext(): string {
  return requestedPage() + fragment();
}

/** The address of the sign-in or the sign-up page, with the same return path. */
export function withSameNext(path: "/login" | "/register"): string {
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

/** The sign-in page that leads back to this page. */
export function loginForHere(): string {
  const here = window.location.pathname + window.location.search;
  return `/login?next=${encodeURIComponent(here)}${fragment()}`;
}

/** Leads on a person who is signed in already. It replaces the page, so that Back does not return to the form. */
export function continueToNext(): void {
  go(requestedNext());
}

/** Leads on after a sign-in. A person did that, so it always goes, even where the browser remembers nothing. */
export function enterNext(): void {
  remember(requestedNext());
  leaveFor(requestedNext());
}

/** When the session is no longer valid: leads to the login page and, after a sign-in, back to here. */
export function leaveForLogin(): void {
  go(loginForHere());
}

/** Leaves after a sign-out. It adds an entry to the history, so that Back asks the server for the page again. */
export function leaveSignedOut(): void {
  // eslint-disable-next-line @next/next/no-location-assign-relative-destination -- a new document is the point
  window.location.assign("/login");
}

/** Loads the page from the server again, whatever is in memory. */
export function reloadPage(): void {
  window.location.reload();
}

/** The part of the address from the `#` on, which no server sees. That of the skip link is left out. */
function fragment(): string {
  const { hash } = window.location;
  return hash === "#content" ? "" : hash;
}

const VISITED_KEY = "visited-by-itself";

/** Longer than one way there and back takes, even on a slow network. */
const LONG_AGO_MS = 30_000;

let leaving = false;

/** Leads on, unless this document is being left already, or it has led to the same place a moment ago. */
function go(destination: string): void {
  if (leaving) return;
  if (!remember(destination)) return setObstacle("round-trip");
  leaveFor(destination);
}

function leaveFor(destination: string): void {
  leaving = true;
  window.location.replace(destination);
}

/** Forgets where this tab has been led. A person who signs in or out starts from scratch. */
export function startAnew(): void {
  leaving = false;
  setObstacle(undefined);
  try {
    sessionStorage.removeItem(VISITED_KEY);
  } catch {
    // A browser that remembers nothing has nothing to forget.
  }
}

/** Notes where this tab is led, and returns whether that is the first time in the last half minute. */
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
    return false; // Nothing can be remembered, so it could go on for ever.
  }
}

function visited(): Record<string, number> {
  return JSON.parse(sessionStorage.getItem(VISITED_KEY) ?? "{}") as Record<string, number>;
}
