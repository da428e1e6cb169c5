import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/lib/api/error";
import { leaveForLogin } from "@/lib/navigation";
import { setObstacle } from "@/lib/obstacle";

/**
 * One per document. Every call that finds the session no longer valid leads to the login page. A call that is refused
 * because of duplicate cookies does not, because signing in would not help.
 */
export function createQueryClient(): QueryClient {
  const onError = (error: unknown) => {
    if (!(error instanceof ApiError)) return;
    if (error.signedOut) leaveForLogin();
    if (error.code === "duplicate_cookies") setObstacle("duplicate-cookies");
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // Being offline must show as a failure, not as waiting, and the server may well be on this machine.
      queries: {
        networkMode: "always",
        refetchOnWindowFocus: false, // See lib/looks.ts.
        retry: (failures, error) => failures < 2 && error instanceof ApiError && error.transient,
      },
      mutations: { networkMode: "always" },
    },
  });
}
