import type { ReactNode } from "react";

interface MainProps {
  className?: string;
  /** Found by the tests that look for leaks of protected pages. */
  marker?: string;
  children: ReactNode;
}

/** The main part of a page: where the skip link leads, and where focus goes with a navigation. */
export function Main({ className = "", marker, children }: MainProps) {
  return (
    <main id="content" tabIndex={-1} data-marker={marker} className={`w-full grow ${className}`}>
      {children}
    </main>
  );
}
