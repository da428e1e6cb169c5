import type { ReactNode } from "react";

/**
 * A link that loads a new document. Every link between public and protected pages has to: the router would prefetch
 * pages that the server refuses, and keep pages of the person who was signed in before.
 */
export function HardLink({ href, className, children }: { href: string; className?: string; children: ReactNode }) {
  return (
    <a href={href} className={className}>
      {children}
    </a>
  );
}
