import { answer, client, type Schemas } from "@/lib/api/client";

export function register(account: Schemas["RegisterRequest"]): Promise<void> {
  return withoutTokens(client.POST("/api/auth/register", { body: account, parseAs: "stream" }));
}

export function login(credentials: Schemas["LoginRequest"]): Promise<void> {
  return withoutTokens(client.POST("/api/auth/login", { body: credentials, parseAs: "stream" }));
}

export function logout(): Promise<void> {
  return answer(client.POST("/api/auth/logout"));
}

/** The cookies carry the session. The tokens in the body stay unread, so that no script of ours ever holds one. */
async function withoutTokens(call: Parameters<typeof answer<ReadableStream<Uint8Array> | null>>[0]): Promise<void> {
  const body = await answer(call);
  await body?.cancel();
}
