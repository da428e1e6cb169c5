import { reloadPage } from "@/lib/navigation";

const RELOADED_KEY = "reloaded-for-stale-chunk";

/** Long enough for a page to load and fail again, short enough for the next upgrade of an open tab. */
const ENOUGH_MS = 30_000;

/**
 * Whether code of the page could not be loaded: another version has been installed since, or the session ended and the
 * code was behind the gate. Turbopack names the error, webpack says it in the message.
 */
function isStaleChunk(error: Error): boolean {
  return error.name === "ChunkLoadError" || /loading (css )?chunk|failed to load chunk/i.test(error.message);
}

/**
 * Whether loading the page anew can mend the error. It says so once: where the code is still missing afterwards, a
 * person has to see that and decide.
 */
export function isMendedByReload(error: Error): boolean {
  return isStaleChunk(error) && Date.now() - lastReload() > ENOUGH_MS;
}

/** Loads the page anew, and remembers that it did. */
export function reloadForStaleChunk(): void {
  try {
    sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
  } catch {
    return; // Without a memory it could go on for ever.
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
