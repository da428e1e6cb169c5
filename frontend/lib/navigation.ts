import { safeNext } from "@/lib/next";

/*
 * Whoever signs in or out leaves the document: the router's cache, the query cache and the pages in memory belong to
 * the person before.
 */

/** The `next` of this page's address, checked. */
export function requestedNext(): string {
  return safeNext(new URLSearchParams(window.location.search).get("next"));
}

/** After sign-in. Replaces, so that Back does not return to the form. */
export function continueToNext(): void {
  window.location.replace(requestedNext());
}

/** When the session is over: to the login page and, after sign-in, back to here. */
export function leaveForLogin(): void {
  const here = window.location.pathname + window.location.search;
  window.location.replace(`/login?next=${encodeURIComponent(here)}`);
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
