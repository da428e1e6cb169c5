import type { ReactNode } from "react";

/**
 * A link that loads a new document. From public pages to protected ones and back no other will do: the router would
 * prefetch what the server refuses, and keep what belongs to the person before.
 */
export function HardLink({ href, className, children }: { href: string; className?: string; children: ReactNode }) {
  return (
    <a href={href} className={className}>
      {children}
    </a>
  );
}
