import { useState } from "react";
import { CookiesRefusedError, enter } from "@/lib/session";

/** How a form ends that signs in: `enter` leads on, and `refused` says that the browser kept no session. */
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
