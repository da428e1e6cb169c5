import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type AccountEvent } from "@/lib/api/client";

export const eventsKey = ["events"];

/** What happened to the account of late. */
export function useEvents() {
  return useQuery({ queryKey: eventsKey, queryFn: api.events });
}

/** Notes that the person has read an alert and all before it. */
export function useSeeEvents() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: api.seeEvents,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: eventsKey }),
  });
}

const words: Record<string, string> = {
  register: "Account created",
  user_created: "Account created by the operator",
  user_imported: "Account imported by the operator",
  login: "Signed in",
  logout: "Signed out",
  replaced: "Signed in again in the same browser",
  password_change: "Password changed",
  password_set: "Password set by the operator",
  session_end: "Session ended",
  sessions_ended: "All sessions ended by the operator",
  session_limit: "Least recently used sessions ended: there were too many",
  other_sessions_end: "All other sessions ended",
  user_disabled: "Account disabled by the operator",
  user_enabled: "Account enabled by the operator",
  refresh_replay: "A used session key was presented again; the session was ended",
};

const failures: Record<string, string> = {
  login: "Failed sign-in",
  password_change: "Failed password change",
};

/** An event in words; one that a newer server knows and this page does not, in its own. */
export function eventText({ event, outcome }: AccountEvent): string {
  const text = words[event] ?? event.replaceAll("_", " ");
  return outcome === "failure" ? (failures[event] ?? text) : text;
}
