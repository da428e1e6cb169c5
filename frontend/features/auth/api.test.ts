import { expect, it } from "vitest";
import { login, register } from "@/features/auth/api";
import { FakeServer, json } from "@/lib/api/fake-server";

it("a sign-in hands no token on", async () => {
  const user = { id: "1", email: "ada@example.com", name: "", createdAt: "2026-01-02T03:04:05Z" };
  const signedIn = json({ user, accessToken: "secret", expiresIn: 900 });
  await FakeServer.start({ "POST /api/auth/login": signedIn, "POST /api/auth/register": signedIn });
  expect(await login({ email: "ada@example.com", password: "a" })).toBeUndefined();
  expect(await register({ email: "ada@example.com", password: "a" })).toBeUndefined();
});
