import createClient from "openapi-fetch";
import { ApiError } from "@/lib/api/error";
import type { components, paths } from "@/lib/api/schema";

type Schemas = components["schemas"];
export type User = Schemas["User"];
export type Session = Schemas["Session"];
export type SessionPage = Schemas["SessionList"];
export type SessionInfo = Schemas["SessionInfo"];
export type AccountEvent = Schemas["Event"];

/** Every call that the pages make. Each returns what the server gave, or throws an ApiError. */
export function createApi(baseUrl: string) {
  const client = createClient<paths>({ baseUrl });

  return {
    session: (): Promise<Session> => answer(client.GET("/api/auth/session")),
    register: (account: Schemas["RegisterRequest"]) =>
      withoutTokens(client.POST("/api/auth/register", { body: account, parseAs: "stream" })),
    login: (credentials: Schemas["LoginRequest"]) =>
      withoutTokens(client.POST("/api/auth/login", { body: credentials, parseAs: "stream" })),
    logout: (): Promise<void> => answer(client.POST("/api/auth/logout")),

    profile: (): Promise<User> => answer(client.GET("/api/user/profile")),
    updateProfile: (change: Schemas["ProfileChange"]): Promise<User> =>
      answer(client.PATCH("/api/user/profile", { body: change })),
    changePassword: (change: Schemas["PasswordChange"]): Promise<void> =>
      answer(client.POST("/api/user/password", { body: change })),

    /** One page of them; `after` is the `next` of the page before. */
    sessions: (after?: string): Promise<SessionPage> =>
      answer(client.GET("/api/user/sessions", { params: { query: after === undefined ? {} : { after } } })),
    endSession: (id: string): Promise<void> =>
      answer(client.DELETE("/api/user/sessions/{id}", { params: { path: { id } } })),
    endOtherSessions: (): Promise<void> => answer(client.DELETE("/api/user/sessions")),

    events: async (): Promise<AccountEvent[]> => (await answer(client.GET("/api/user/events"))).events,
    /** Notes that the person has been told of an event and all before it. */
    seeEvents: (id: string): Promise<void> =>
      answer(client.POST("/api/user/events/{id}/seen", { params: { path: { id } } })),
  };
}

/** The API of the origin that the page came from. */
export const api = createApi("");

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

async function answer<T>(call: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await call;
  } catch (cause) {
    // fetch says TypeError when no answer came; what an answer held that cannot be read is a SyntaxError.
    throw cause instanceof SyntaxError
      ? new ApiError({ status: 0, code: "unexpected", detail: "The server gave an unexpected answer." }, { cause })
      : ApiError.network(cause);
  }
  if (!result.response.ok) throw ApiError.fromResponse(result.response, result.error);
  return result.data as T;
}

/** The cookies carry the session: the tokens in the body stay unread, so that no script of ours ever holds one. */
async function withoutTokens(call: Promise<Result<ReadableStream<Uint8Array> | null>>): Promise<void> {
  const body = await answer(call);
  await body?.cancel();
}
