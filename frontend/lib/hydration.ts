import { useSyncExternalStore } from "react";

const neverChanges = () => () => {};

/** False in the exported HTML and until React has hydrated the page, true from then on. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    neverChanges,
    () => true,
    () => false,
  );
}
