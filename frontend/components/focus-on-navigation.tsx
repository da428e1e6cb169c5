"use client";

import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";

/**
 * Moves focus to the main part of the page after each navigation of the router, which leaves it on the link that was
 * followed: the next press of Tab is then on the new page, as after loading a document.
 */
export function FocusOnNavigation() {
  const path = usePathname();
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [path]);
  return null;
}
