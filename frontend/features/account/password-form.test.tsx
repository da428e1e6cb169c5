// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PasswordForm } from "@/features/account/password-form";
import { api } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { leaveForLogin } from "@/lib/navigation";
import { createQueryClient } from "@/lib/query-client";

// jsdom does not navigate.
vi.mock("@/lib/navigation");

beforeEach(() => {
  vi.clearAllMocks();
  render(
    <QueryClientProvider client={createQueryClient()}>
      <PasswordForm user={{ id: "1", email: "ada@example.com", name: "Ada", createdAt: "2026-01-02T03:04:05Z" }} />
    </QueryClientProvider>,
  );
});

afterEach(cleanup);

async function change() {
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Current password"), "the one before");
  await user.type(screen.getByLabelText("New password"), "the one after");
  await user.click(screen.getByRole("button", { name: "Change password" }));
}

describe("PasswordForm", () => {
  it("forgets both passwords when it is done", async () => {
    vi.spyOn(api, "changePassword").mockResolvedValue();
    await change();
    await screen.findByText("Your password is changed.");
    expect(screen.getByLabelText<HTMLInputElement>("Current password").value).toBe("");
    expect(screen.getByLabelText<HTMLInputElement>("New password").value).toBe("");
  });

  it("takes wrong credentials for a fault of the current password", async () => {
    const refusal = { status: 401, code: "invalid_credentials", detail: "The password is wrong." } as const;
    vi.spyOn(api, "changePassword").mockRejectedValue(new ApiError(refusal));
    await change();
    await waitFor(() => expect(screen.getByText("The password is wrong.")).toBeDefined());
    expect(screen.getByLabelText("Current password").getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByLabelText("New password").getAttribute("aria-invalid")).toBe("false");
    expect(leaveForLogin).not.toHaveBeenCalled();
  });

  it("leaves for the login page when the session is over", async () => {
    const refusal = { status: 401, code: "session_ended", detail: "The session is over." } as const;
    vi.spyOn(api, "changePassword").mockRejectedValue(new ApiError(refusal));
    await change();
    await waitFor(() => expect(leaveForLogin).toHaveBeenCalledOnce());
    expect(screen.queryByText("The session is over.")).toBeNull();
  });
});
