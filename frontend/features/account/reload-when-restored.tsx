"use client";

import { useEffect } from "react";
import { reloadPage } from "@/lib/navigation";

/**
 * A browser that brings a protected page back from its memory, `no-store` or not, shows it without asking whether the
 * session still lives. Asking the server again is the answer to that.
 */
export function ReloadWhenRestored() {
  useEffect(() => {
    const onPageShow = (event: PageTransitionEvent) => {
      if (event.persisted) reloadPage();
    };
    window.addEventListener("pageshow", onPageShow);
    return () => window.removeEventListener("pageshow", onPageShow);
  }, []);
  return null;
}
