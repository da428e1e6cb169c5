import { useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api/client";

/** Whether somebody is signed in. Failing to find out is not worth a word on a public page. */
export function useSession() {
  return useQuery({ queryKey: ["session"], queryFn: api.session });
}
