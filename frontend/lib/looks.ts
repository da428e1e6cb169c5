/**
 * When a person looks at this page again: its tab comes to the front, its window gets the focus, or the network is there
 * again. One look can cause several of these events, and a person may look often, so the listeners are called once for
 * each look, and not more than once in two seconds.
 */

const listeners = new Set<() => void>();

/** Long enough for all events of one look. */
const ONE_LOOK_MS = 50;

const LEAST_PAUSE_MS = 2_000;

let timer: ReturnType<typeof setTimeout> | undefined;
let last = -Infinity;

/** Calls back when a person looks at the page again. It returns a function that ends that. */
export function onLook(listener: () => void): () => void {
  if (listeners.size === 0) listen("addEventListener");
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) listen("removeEventListener");
  };
}

function listen(how: "addEventListener" | "removeEventListener"): void {
  for (const event of ["focus", "online"]) window[how](event, noteLook);
  document[how]("visibilitychange", noteLook);
}

function noteLook(): void {
  if (timer !== undefined || document.visibilityState !== "visible") return;
  const wait = Math.max(ONE_LOOK_MS, last + LEAST_PAUSE_MS - performance.now());
  timer = setTimeout(() => {
    timer = undefined;
    last = performance.now();
    listeners.forEach((listener) => listener());
  }, wait);
}
