import type { AccountEvent } from "@/features/account/api";

type EventName = AccountEvent["event"];

const labels: Record<EventName, string> = {
  register: "Account created",
  login: "Signed in",
  logout: "Signed out",
  replaced: "Signed in again in the same browser",
  session_limit: "Least recently used sessions ended: there were too many",
  refresh_replay: "A used session key was presented again; the session was ended",
  session_end: "Session ended",
  sessions_ended: "All sessions ended by the operator",
  other_sessions_end: "All other sessions ended",
  password_change: "Password changed",
  password_set: "Password set by the operator",
  user_created: "Account created by the operator",
  user_imported: "Account imported by the operator",
  user_disabled: "Account disabled by the operator",
  user_enabled: "Account enabled by the operator",
  user_deleted: "Account deleted by the operator",
  user_role: "Role changed",
  plan_granted: "Plan granted",
  plan_revoked: "Plan revoked",
  key_rotated: "Signing key rotated",
  clock_set_back: "Clock of the server set back",
  database_restored: "Database restored from a backup",
};

/** For events that are recorded when they fail, too. */
const failureLabels: Partial<Record<EventName, string>> = {
  login: "Failed sign-in",
  password_change: "Failed password change",
};

interface Occurrence {
  /** An EventName, or one of a newer server, which this page does not know. */
  event: string;
  outcome: AccountEvent["outcome"];
}

/** An event in words. One that this page does not know is shown by its name. */
export function eventText({ event, outcome }: Occurrence): string {
  if (!isKnown(event)) return event.replaceAll("_", " ");
  return (outcome === "failure" && failureLabels[event]) || labels[event];
}

function isKnown(event: string): event is EventName {
  return Object.hasOwn(labels, event);
}
