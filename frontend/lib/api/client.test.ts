import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createApi } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";

const requestId = "0123456789abcdef0123456789abcdef";
const stops: (() => void)[] = [];

afterEach(() => stops.splice(0).forEach((stop) => stop()));

/** The API of a real server that gives every request this answer. */
async function apiAnswering(respond: (response: ServerResponse, request: IncomingMessage) => void) {
  const server = createServer((request, response) => respond(response, request)).listen(0, "127.0.0.1");
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return createApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function problem(status: number, code: string, more: object = {}, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => {
    response.writeHead(status, { "Content-Type": "application/problem+json", "X-Request-Id": requestId, ...headers });
    response.end(
      JSON.stringify({ type: "about:blank", title: "A title", status, detail: "A detail.", code, requestId, ...more }),
    );
  };
}

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a success", () => {
  const user = { id: "1", email: "ada@example.com", name: "", createdAt: "2026-01-02T03:04:05Z" };

  it("is what the server gave", async () => {
    const api = await apiAnswering((response) => response.end(JSON.stringify(user)));
    expect(await api.profile()).toEqual(user);
  });

  it("may have no content", async () => {
    const api = await apiAnswering((response) => response.writeHead(204).end());
    expect(await api.changePassword({ currentPassword: "a", newPassword: "b" })).toBeUndefined();
  });

  it("of a sign-in hands no token on", async () => {
    const api = await apiAnswering((response) =>
      response.end(JSON.stringify({ user, accessToken: "secret", expiresIn: 900 })),
    );
    expect(await api.login({ email: "ada@example.com", password: "a" })).toBeUndefined();
    expect(await api.register({ email: "ada@example.com", password: "a" })).toBeUndefined();
  });

  it("sends ids as one segment of the path", async () => {
    let path: string | undefined;
    const api = await apiAnswering((response, request) => {
      path = request.url;
      response.writeHead(204).end();
    });
    await api.endSession("../a/b");
    expect(path).toBe("/api/user/sessions/..%2Fa%2Fb");
  });
});

describe("a problem", () => {
  it("becomes an ApiError with all that the server said", async () => {
    const errors = [{ field: "password", code: "too_short", detail: "Too short." }];
    const api = await apiAnswering(problem(422, "validation_failed", { errors }));
    const error = await failure(api.register({ email: "ada@example.com", password: "a" }));
    expect(error).toMatchObject({
      status: 422,
      code: "validation_failed",
      detail: "A detail.",
      fields: errors,
      requestId,
    });
    expect(error).toMatchObject({ retryAfter: undefined, signedOut: false, transient: false, text: "A detail." });
  });

  it.each([
    ["unauthenticated", true],
    ["session_ended", true],
    ["invalid_credentials", false],
  ])("401 %s means signed out: %s", async (code, signedOut) => {
    const api = await apiAnswering(problem(401, code));
    expect((await failure(api.profile())).signedOut).toBe(signedOut);
  });

  it("tells how long to wait", async () => {
    const api = await apiAnswering(problem(429, "rate_limited", {}, { "Retry-After": "30" }));
    const error = await failure(api.login({ email: "ada@example.com", password: "a" }));
    expect(error).toMatchObject({ retryAfter: 30, text: "Too many attempts." });
  });

  it("tells how long to wait when the server is busy, and that it may pass", async () => {
    const api = await apiAnswering(problem(503, "unavailable", {}, { "Retry-After": "1" }));
    const error = await failure(api.sessions());
    expect(error).toMatchObject({ transient: true, retryAfter: 1, text: "A detail." });
  });

  it("says to try again when the server does not know how long it takes", async () => {
    const api = await apiAnswering(problem(503, "unavailable"));
    expect(await failure(api.sessions())).toMatchObject({ text: "A detail. Try again in a moment." });
  });

  it("takes no Retry-After that is not a number of seconds", async () => {
    const api = await apiAnswering(problem(503, "unavailable", {}, { "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT" }));
    expect((await failure(api.profile())).retryAfter).toBeUndefined();
  });
});

describe("an answer that is not the API's", () => {
  it.each([
    ["an HTML error", 502, "<h1>Bad Gateway</h1>"],
    ["another JSON error", 502, '{"message":"no"}'],
    ["an empty error", 502, ""],
  ])("becomes an ApiError: %s", async (_, status, body) => {
    const api = await apiAnswering((response) => response.writeHead(status, { "X-Request-Id": requestId }).end(body));
    expect(await failure(api.profile())).toMatchObject({ status, code: "unexpected", fields: [], requestId });
  });

  it("becomes an ApiError when a success is not JSON", async () => {
    const api = await apiAnswering((response) => response.end("<h1>Welcome to this network</h1>"));
    expect(await failure(api.profile())).toMatchObject({ code: "unexpected" });
  });
});

describe("no answer", () => {
  it("becomes an ApiError that may pass", async () => {
    const api = await apiAnswering((response) => response.destroy());
    const error = await failure(api.profile());
    expect(error).toMatchObject({ status: 0, code: "network", transient: true });
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});
