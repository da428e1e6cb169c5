import type { AccountEvent } from "@/features/account/api";

/** The events of the audit log that a person can see. */
type EventName =
  | "register"
  | "user_created"
  | "user_imported"
  | "login"
  | "logout"
  | "replaced"
  | "password_change"
  | "password_set"
  | "session_end"
  | "sessions_ended"
  | "session_limit"
  | "other_sessions_end"
  | "user_disabled"
  | "user_enabled"
  | "refresh_replay";

const labels: Record<EventName, string> = {
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

/** For events that are recorded when they fail, too. */
const failureLabels: Partial<Record<EventName, string>> = {
  login: "Failed sign-in",
  password_change: "Failed password change",
};

/** An event in words. A newer server may know events that this page does not: those are shown by their names. */
export function eventText({ event, outcome }: Pick<AccountEvent, "event" | "outcome">): string {
  if (!isKnown(event)) return event.replaceAll("_", " ");
  return (outcome === "failure" && failureLabels[event]) || labels[event];
}

function isKnown(event: string): event is EventName {
  return Object.hasOwn(labels, event);
}
