import { useSyncExternalStore } from "react";

/**
 * Why a page stays where it is instead of leading on by itself, so that the person can decide what to do:
 *
 * - `duplicate-cookies`: another program has set a cookie of the same name, so signing in does not help;
 * - `round-trip`: the server has sent this browser back to where it came from.
 */
export type Obstacle = "duplicate-cookies" | "round-trip";

let met: Obstacle | undefined;
const listeners = new Set<() => void>();

export function useObstacle(): Obstacle | undefined {
  return useSyncExternalStore(subscribe, obstacle, () => undefined);
}

export function setObstacle(obstacle: Obstacle | undefined): void {
  met = obstacle;
  listeners.forEach((listener) => listener());
}

function obstacle(): Obstacle | undefined {
  return met;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
