import { useQuery } from "@tanstack/react-query";
import { answer, client } from "@/lib/api/client";

/** What the sign-in pages offer, and whom to ask for help. It is not retried: the pages do without. */
export function useMethods() {
  return useQuery({
    queryKey: ["methods"],
    queryFn: () => answer(client.GET("/api/auth/methods")),
    staleTime: 60_000,
    retry: false,
  });
}

/** Whether people can sign up. If the server cannot say, they can try: it refuses them if they cannot. */
export function useSignup(): "unknown" | "open" | "closed" {
  const { data, isPending } = useMethods();
  return isPending ? "unknown" : (data?.signup ?? "open");
}

/** The least length of a new password, in characters. */
export function usePasswordMin(): number {
  return useMethods().data?.passwordMin ?? 8;
}
