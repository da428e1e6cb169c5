import { useState } from "react";
import { CookiesRefusedError, enter } from "@/lib/session";

/** What follows a sign-in: `enter` opens the page that the person wanted; `refused`: the browser kept no session. */
export function useEnter() {
  const [refused, setRefused] = useState(false);
  const tryToEnter = async () => {
    try {
      await enter();
    } catch (error) {
      if (!(error instanceof CookiesRefusedError)) throw error;
      setRefused(true);
    }
  };
  return { enter: tryToEnter, refused };
}
