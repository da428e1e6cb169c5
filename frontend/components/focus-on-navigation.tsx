"use client";

import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";

/**
 * The router leaves the focus on the link that was followed. This moves it to the main part of the new page, so that the
 * next Tab goes on from there, as after loading a document.
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
