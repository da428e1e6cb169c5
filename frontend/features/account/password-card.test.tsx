// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PasswordCard } from "@/features/account/password-card";
import { FakeServer, json, noContent, problem } from "@/lib/api/fake-server";
import { leaveForLogin } from "@/lib/navigation";
import { createQueryClient } from "@/lib/query-client";

// jsdom does not navigate.
vi.mock("@/lib/navigation");

const route = "POST /api/user/password";
let server: FakeServer;

beforeEach(async () => {
  vi.clearAllMocks();
  const user = { id: "1", email: "ada@example.com", name: "Ada", createdAt: "2026-01-02T03:04:05Z" };
  server = await FakeServer.start({ "GET /api/user/profile": json(user) });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <PasswordCard />
    </QueryClientProvider>,
  );
});

afterEach(cleanup);

async function change() {
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText("Current password"), "the one before");
  await user.type(screen.getByLabelText("New password"), "the one after");
  await user.click(screen.getByRole("button", { name: "Change password" }));
}

describe("PasswordCard", () => {
  it("forgets both passwords when it is done", async () => {
    server.answer(route, noContent);
    await change();
    await screen.findByText("Your password is changed.");
    expect(server.bodies(route)).toEqual([{ currentPassword: "the one before", newPassword: "the one after" }]);
    expect(screen.getByLabelText<HTMLInputElement>("Current password").value).toBe("");
    expect(screen.getByLabelText<HTMLInputElement>("New password").value).toBe("");
  });

  it("takes wrong credentials for a fault of the current password", async () => {
    server.answer(route, problem(401, "invalid_credentials", { detail: "The password is wrong." }));
    await change();
    await waitFor(() => expect(screen.getByText("The password is wrong.")).toBeDefined());
    expect(screen.getByLabelText("Current password").getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByLabelText("New password").getAttribute("aria-invalid")).toBe("false");
    expect(leaveForLogin).not.toHaveBeenCalled();
  });

  it("leaves for the login page when the session has ended", async () => {
    server.answer(route, problem(401, "session_ended", { detail: "The session has ended." }));
    await change();
    await waitFor(() => expect(leaveForLogin).toHaveBeenCalledOnce());
    expect(screen.queryByText("The session has ended.")).toBeNull();
  });
});
