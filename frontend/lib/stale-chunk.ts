import { reloadPage } from "@/lib/navigation";

const RELOADED_KEY = "reloaded-for-stale-chunk";

/** Long enough for a page to load and fail again, short enough to be over before the next upgrade. */
const ENOUGH_MS = 30_000;

/**
 * Whether code of the page could not be loaded: another version has been installed since, or the code is protected and
 * the session is no longer valid. Turbopack names the error, webpack says it in the message.
 */
function isStaleChunk(error: Error): boolean {
  return error.name === "ChunkLoadError" || /loading (css )?chunk|failed to load chunk/i.test(error.message);
}

/**
 * Whether reloading the page can mend the error. It says so only once: if the code is still missing afterwards, the
 * person has to see that and decide.
 */
export function isMendedByReload(error: Error): boolean {
  return isStaleChunk(error) && Date.now() - lastReload() > ENOUGH_MS;
}

/** Reloads the page, and remembers that it did. */
export function reloadForStaleChunk(): void {
  try {
    sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
  } catch {
    return; // Nothing can be remembered, so it could go on for ever.
  }
  reloadPage();
}

/** Milliseconds since 1970. */
function lastReload(): number {
  try {
    return Number(sessionStorage.getItem(RELOADED_KEY));
  } catch {
    return Infinity;
  }
}
