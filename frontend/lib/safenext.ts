/** Where to go when the wish is missing or refused. */
export const DEFAULT_NEXT = "/dashboard";

const MAX_LENGTH = 2048;

/** One path of RFC 3986: its path characters, whole percent-encodings, and slashes; then perhaps a query. */
const PATH_AND_QUERY = /^(\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)(?:\?([!-~]*))?$/;

/** No origin has this name, so nothing but a path of "this origin" resolves to it. */
const NO_ORIGIN = "http://origin.invalid";

/**
 * Turns the wish where to go after sign-in into a path of this origin. The server holds the same rule, and both are
 * tested on server/site/testdata/next.json.
 *
 * Accepted is what is, all of it:
 * - 1 to 2048 printable ASCII characters, without space, backslash and fragment (a `#` refuses the whole wish);
 * - a path that begins with one slash, made of RFC 3986's path characters and percent-encodings;
 * - without empty, `.` and `..` segments, but for one slash at the end, which stays;
 * - decoded once, valid UTF-8 without control bytes (below 0x20, and 0x7f), and where an encoded slash, backslash or
 *   dot segment does not occur: other encoded characters are fine and stay encoded as they are;
 * - decoded, not /api, /_next or /login or anything below, and not a file of the login page (/login.html,
 *   /login.txt).
 *
 * The query may hold any of those printable characters and stays as it is; an empty one is dropped. Anything else
 * becomes /dashboard.
 */
export function safeNext(raw: string | null): string {
  if (raw === null || raw.length > MAX_LENGTH) return DEFAULT_NEXT;
  const [, path, query] = PATH_AND_QUERY.exec(raw) ?? [];
  if (path === undefined || query?.includes("\\") || query?.includes("#")) return DEFAULT_NEXT;

  const decoded = decodePath(path);
  if (decoded === undefined || leadsElsewhere(decoded)) return DEFAULT_NEXT;

  const url = new URL(path, NO_ORIGIN);
  if (url.origin !== NO_ORIGIN || url.username !== "" || url.pathname !== path) return DEFAULT_NEXT;
  return query ? `${url.pathname}?${query}` : url.pathname;
}

/** The path decoded once, or undefined when it is not clean or two programs could read it in two ways. */
function decodePath(path: string): string | undefined {
  if (/%2f|%5c/i.test(path)) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined; // Not UTF-8.
  }
  if (/[\u0000-\u001f\u007f]/.test(decoded)) return undefined;
  const segments = decoded.split("/").slice(1);
  const last = segments.length - 1;
  const clean = segments.every((segment, i) => segment !== "." && segment !== ".." && (segment !== "" || i === last));
  return clean ? decoded : undefined;
}

/** Whether the path is no page to come back to: the API, the assets, or the login page itself. */
function leadsElsewhere(decoded: string): boolean {
  return /^\/(api|_next|login)(\/|$)|^\/login\.(html|txt)\/?$/.test(decoded);
}
