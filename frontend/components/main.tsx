import type { ReactNode } from "react";

interface MainProps {
  className?: string;
  /** Found by the tests that look for leaks of protected pages. */
  marker?: string;
  children: ReactNode;
}

/** The main part of a page. The skip link leads to it, and a navigation moves the focus to it. */
export function Main({ className = "", marker, children }: MainProps) {
  return (
    <main id="content" tabIndex={-1} data-marker={marker} className={`w-full grow ${className}`}>
      {children}
    </main>
  );
}
