import { useEffect } from "react";
import { useSession } from "@/features/auth/session";
import { continueToNext } from "@/lib/navigation";

/** Moves on whoever opens a sign-in page while signed in. */
export function useContinueWhenSignedIn(): void {
  const authenticated = useSession().data?.authenticated === true;
  useEffect(() => {
    if (authenticated) continueToNext();
  }, [authenticated]);
}
