import { useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api/client";

export const profileKey = ["profile"];

export function useProfile() {
  return useQuery({ queryKey: profileKey, queryFn: api.profile });
}
