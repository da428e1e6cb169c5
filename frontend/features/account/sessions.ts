import { useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api/client";

export const sessionsKey = ["sessions"];

/** Where the person is signed in. */
export function useSessions() {
  return useQuery({ queryKey: sessionsKey, queryFn: api.sessions });
}
