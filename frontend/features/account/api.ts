import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { answer, client, type Schemas } from "@/lib/api/client";

export type User = Schemas["User"];
export type SessionInfo = Schemas["SessionInfo"];
export type AccountEvent = Schemas["Event"];

const profileKey = ["profile"];
const sessionsKey = ["sessions"];
const eventsKey = ["events"];

export function useProfile() {
  return useQuery({ queryKey: profileKey, queryFn: () => answer(client.GET("/api/user/profile")) });
}

export function useUpdateProfile() {
  const queryClient = useQueryClient();
  return async (change: Schemas["ProfileChange"]): Promise<User> => {
    const user = await answer(client.PATCH("/api/user/profile", { body: change }));
    queryClient.setQueryData(profileKey, user);
    return user;
  };
}

/** Changes the password, which signs the person out everywhere else. */
export function useChangePassword() {
  const queryClient = useQueryClient();
  return async (change: Schemas["PasswordChange"]): Promise<void> => {
    try {
      await answer(client.POST("/api/user/password", { body: change }));
      void queryClient.invalidateQueries({ queryKey: sessionsKey });
    } finally {
      void queryClient.invalidateQueries({ queryKey: eventsKey }); // A failed attempt is an event too.
    }
  };
}

type SessionPage = Schemas["SessionList"];
type SessionPages = InfiniteData<SessionPage, string | undefined>;

export interface Sessions {
  current: SessionInfo | undefined;
  others: SessionInfo[];
}

/** Where the person is signed in: the first page, and more on demand. */
export function useSessions() {
  return useInfiniteQuery({
    queryKey: sessionsKey,
    queryFn: ({ pageParam: after }) =>
      answer(client.GET("/api/user/sessions", { params: { query: after === undefined ? {} : { after } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: SessionPage) => page.next,
    select: separate,
  });
}

/** Lists each session once: a new one shifts the pages that are loaded later. */
function separate({ pages }: SessionPages): Sessions {
  const byId = new Map(pages.flatMap((page) => page.sessions).map((session) => [session.id, session]));
  const all = [...byId.values()];
  return { current: all.find((session) => session.current), others: all.filter((session) => !session.current) };
}

/**
 * Revokes a session, or all but the current one. The list shows it at once, and shows the sessions again when the server
 * does not confirm it.
 */
export function useRevokeSessions() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string | "others"): Promise<void> =>
      answer(
        id === "others"
          ? client.DELETE("/api/user/sessions")
          : client.DELETE("/api/user/sessions/{id}", { params: { path: { id } } }),
      ),
    onMutate: async (id) => {
      await queryClient.cancelQueries({ queryKey: sessionsKey });
      const before = queryClient.getQueryData<SessionPages>(sessionsKey);
      queryClient.setQueryData<SessionPages>(sessionsKey, (all) => all && without(all, id));
      return { before };
    },
    onError: (_, __, shown) => queryClient.setQueryData(sessionsKey, shown?.before),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: sessionsKey }),
        queryClient.invalidateQueries({ queryKey: eventsKey }),
      ]),
  });
}

function without(all: SessionPages, revoked: string | "others"): SessionPages {
  const pages = all.pages.map(({ sessions, next }) => {
    if (revoked === "others") return { sessions: sessions.filter((session) => session.current) };
    const left = sessions.filter((session) => session.id !== revoked);
    return next === undefined ? { sessions: left } : { sessions: left, next };
  });
  return { ...all, pages };
}

/** Recent events of the account. */
export function useEvents() {
  return useQuery({
    queryKey: eventsKey,
    queryFn: async () => (await answer(client.GET("/api/user/events"))).events,
  });
}

/** Marks an event and all before it as seen by the person. */
export function useMarkEventsSeen() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string): Promise<void> =>
      answer(client.POST("/api/user/events/{id}/seen", { params: { path: { id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: eventsKey }),
  });
}
