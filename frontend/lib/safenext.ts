/** The return path when none is given, or the given one is refused. */
export const DEFAULT_NEXT = "/dashboard";

const MAX_LENGTH = 2048;

/** One path of RFC 3986: its path characters, whole percent-encodings, and slashes; then perhaps a query. */
const PATH_AND_QUERY = /^(\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)(?:\?([!-~]*))?$/;

/** No origin has this name, so nothing but a path of "this origin" resolves to it. */
const NO_ORIGIN = "http://origin.invalid";

/**
 * Returns where to go after sign-in: the return path that was asked for if it is a safe path of this origin, /dashboard
 * otherwise. The server has the same rule, and both are tested on server/web/testdata/next.json.
 *
 * A return path must meet all of these:
 * - It has 1 to 2048 printable ASCII characters, and no space, backslash or `#`.
 * - Its path begins with one slash, and is made of the path characters and percent-encodings of RFC 3986.
 * - It has no empty, `.` or `..` segment. One slash at the end is allowed, and stays.
 * - Decoded once, it is valid UTF-8 without control bytes (below 0x20, and 0x7f). No slash, backslash or dot segment is
 *   encoded. Other encoded characters stay encoded as they are.
 * - Decoded, it is not /api, /_next or /login, nothing below them, and no file of the login page (/login.html,
 *   /login.txt).
 *
 * The query may hold all characters that the first rule allows, and stays as it is. An empty one is dropped.
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

/** The path decoded once, or undefined when it is not clean or two programs could read it differently. */
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

/** Whether the path is no page to return to: the API, the assets, or the login page itself. */
function leadsElsewhere(decoded: string): boolean {
  return /^\/(api|_next|login)(\/|$)|^\/login\.(html|txt)\/?$/.test(decoded);
}
