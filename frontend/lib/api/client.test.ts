import { describe, expect, it } from "vitest";
import { answer, client } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { FakeServer, json, noContent, problem, requestId, text } from "@/lib/api/fake-server";

const user = { id: "1", email: "ada@example.com", name: "", createdAt: "2026-01-02T03:04:05Z" };

const profile = () => answer(client.GET("/api/user/profile"));
const route = "GET /api/user/profile";

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a success", () => {
  it("is what the server gave", async () => {
    await FakeServer.start({ [route]: json(user) });
    expect(await profile()).toEqual(user);
  });

  it("may have no content", async () => {
    const server = await FakeServer.start({ "POST /api/user/password": noContent });
    const body = { currentPassword: "a", newPassword: "b" };
    expect(await answer(client.POST("/api/user/password", { body }))).toBeUndefined();
    expect(server.bodies("POST /api/user/password")).toEqual([body]);
  });

  it("sends ids as one segment of the path", async () => {
    const server = await FakeServer.start({ "DELETE /api/user/sessions/..%2Fa%2Fb": noContent });
    await answer(client.DELETE("/api/user/sessions/{id}", { params: { path: { id: "../a/b" } } }));
    expect(server.bodies("DELETE /api/user/sessions/..%2Fa%2Fb")).toHaveLength(1);
  });
});

describe("a problem", () => {
  it("becomes an ApiError with all that the server said", async () => {
    const errors = [{ field: "password", code: "too_short", detail: "Too short." }];
    await FakeServer.start({ [route]: problem(422, "validation_failed", { errors }) });
    const error = await failure(profile());
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
    await FakeServer.start({ [route]: problem(401, code) });
    expect((await failure(profile())).signedOut).toBe(signedOut);
  });

  it("says how long to wait", async () => {
    await FakeServer.start({ [route]: problem(429, "rate_limited", {}, { "Retry-After": "30" }) });
    expect(await failure(profile())).toMatchObject({ retryAfter: 30, text: "Too many attempts." });
  });

  it("says how long to wait when the server is busy, and that it may pass", async () => {
    await FakeServer.start({ [route]: problem(503, "unavailable", {}, { "Retry-After": "1" }) });
    expect(await failure(profile())).toMatchObject({ transient: true, retryAfter: 1, text: "A detail." });
  });

  it("says to try again when the server does not know how long it takes", async () => {
    await FakeServer.start({ [route]: problem(503, "unavailable") });
    expect(await failure(profile())).toMatchObject({ text: "A detail. Try again in a moment." });
  });

  it("takes no Retry-After that is not a number of seconds", async () => {
    const headers = { "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT" };
    await FakeServer.start({ [route]: problem(503, "unavailable", {}, headers) });
    expect((await failure(profile())).retryAfter).toBeUndefined();
  });
});

describe("an answer that is not the API's", () => {
  it.each([
    ["an HTML error", 502, "<h1>Bad Gateway</h1>"],
    ["another JSON error", 502, '{"message":"no"}'],
    ["an empty error", 502, ""],
  ])("becomes an ApiError: %s", async (_, status, body) => {
    await FakeServer.start({ [route]: text(status, body) });
    expect(await failure(profile())).toMatchObject({ status, code: "unexpected", fields: [], requestId });
  });

  it("becomes an ApiError when a success is not JSON", async () => {
    await FakeServer.start({ [route]: text(200, "<h1>Welcome to this network</h1>") });
    expect(await failure(profile())).toMatchObject({ code: "unexpected" });
  });
});

describe("no answer", () => {
  it("becomes an ApiError that may pass", async () => {
    await FakeServer.start({ [route]: (response) => response.destroy() });
    const error = await failure(profile());
    expect(error).toMatchObject({ status: 0, code: "network", transient: true });
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});
