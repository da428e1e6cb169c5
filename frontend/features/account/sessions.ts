import { useInfiniteQuery, type InfiniteData } from "@tanstack/react-query";
import { api, type SessionInfo, type SessionPage } from "@/lib/api/client";

export const sessionsKey = ["sessions"];

/** What has been loaded of the sessions, as the query cache keeps it. */
export type SessionPages = InfiniteData<SessionPage, string | undefined>;

export interface Sessions {
  current: SessionInfo | undefined;
  others: SessionInfo[];
}

/** Where the person is signed in: the first page, and more on demand. */
export function useSessions() {
  return useInfiniteQuery({
    queryKey: sessionsKey,
    queryFn: ({ pageParam }) => api.sessions(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: SessionPage) => page.next,
    select: sortOut,
  });
}

/** The current session, and each other once: one that is new moves the later pages on while they are loaded. */
function sortOut({ pages }: SessionPages): Sessions {
  const byId = new Map(pages.flatMap((page) => page.sessions).map((session) => [session.id, session]));
  const all = [...byId.values()];
  return { current: all.find((session) => session.current), others: all.filter((session) => !session.current) };
}

/** The pages without some of the sessions. */
export function withoutSessions(data: SessionPages | undefined, ended: string | "others"): SessionPages | undefined {
  return data && { ...data, pages: data.pages.map((page) => without(page, ended)) };
}

function without({ sessions, next }: SessionPage, ended: string | "others"): SessionPage {
  if (ended === "others") return { sessions: sessions.filter((session) => session.current) };
  const left = sessions.filter((session) => session.id !== ended);
  return next === undefined ? { sessions: left } : { sessions: left, next };
}
