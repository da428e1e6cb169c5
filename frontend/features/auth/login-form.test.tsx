// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LoginForm } from "@/features/auth/login-form";
import { api } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { continueToNext } from "@/lib/navigation";
import { createQueryClient } from "@/lib/query-client";

// jsdom does not navigate.
vi.mock("@/lib/navigation");

function page() {
  return (
    <QueryClientProvider client={createQueryClient()}>
      <LoginForm />
    </QueryClientProvider>
  );
}

beforeEach(() => {
  vi.clearAllMocks();
  vi.spyOn(api, "session").mockResolvedValue({ authenticated: false });
});

afterEach(cleanup);

async function signIn(email: string, password: string) {
  const user = userEvent.setup();
  if (email) await user.type(screen.getByLabelText("E-mail"), email);
  if (password) await user.type(screen.getByLabelText("Password"), password);
  await user.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("LoginForm", () => {
  it("cannot be sent before it is hydrated, and not with GET ever", () => {
    const exported = new DOMParser().parseFromString(renderToString(page()), "text/html");
    expect(exported.querySelector("form")?.method).toBe("post");
    expect(exported.querySelector("button")?.disabled).toBe(true);
  });

  it("signs in and goes on", async () => {
    const login = vi.spyOn(api, "login").mockResolvedValue();
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(continueToNext).toHaveBeenCalledOnce());
    expect(login).toHaveBeenCalledExactlyOnceWith({ email: "ada@example.com", password: "open, please" });
    expect(screen.getByRole<HTMLButtonElement>("button").disabled).toBe(true);
  });

  it("asks for what is missing without asking the server", async () => {
    const login = vi.spyOn(api, "login").mockResolvedValue();
    render(page());
    await signIn("", "");
    const email = screen.getByLabelText("E-mail");
    await waitFor(() => expect(email.getAttribute("aria-invalid")).toBe("true"));
    const described = document.getElementById(email.getAttribute("aria-describedby") ?? "");
    expect(described?.textContent).toBe("Enter your e-mail address.");
    expect(screen.getByText("Enter your password.")).toBeDefined();
    expect(login).not.toHaveBeenCalled();
  });

  it.each(["ada@localhost", "ada@bücher.example", "ädå@example.com", '"a b"@example.com', "a@b@c"])(
    "leaves it to the server whether %s is an address",
    async (email) => {
      const login = vi.spyOn(api, "login").mockResolvedValue();
      render(page());
      await signIn(email, "open, please");
      await waitFor(() => expect(login).toHaveBeenCalledOnce());
    },
  );

  it("shows a refusal and stays, with what was typed", async () => {
    const refusal = {
      status: 401,
      code: "invalid_credentials",
      detail: "The e-mail or the password is wrong.",
    } as const;
    vi.spyOn(api, "login").mockRejectedValue(new ApiError(refusal));
    render(page());
    await signIn("ada@example.com", "wrong");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toBe(refusal.detail));
    expect(screen.getByLabelText<HTMLInputElement>("E-mail").value).toBe("ada@example.com");
    expect(screen.getByRole<HTMLButtonElement>("button").disabled).toBe(false);
    expect(continueToNext).not.toHaveBeenCalled();
  });

  it("shows the server's faults under their fields and all others in the alert", async () => {
    const fields = [
      { field: "email", code: "too_long", detail: "At most 254 characters." },
      { field: "email", code: "invalid_email", detail: "Not shown: the first fault of a field counts." },
      { field: "elsewhere", code: "unknown_field", detail: "There is no such field." },
    ] as const;
    const failure = { status: 422, code: "validation_failed", detail: "Faults.", fields: [...fields] } as const;
    vi.spyOn(api, "login").mockRejectedValue(new ApiError({ ...failure, fields: [...fields] }));
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("There is no such field."));
    expect(screen.getByLabelText("E-mail").getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("At most 254 characters.")).toBeDefined();
    expect(screen.queryByText(/Not shown/)).toBeNull();
    expect(document.activeElement).toBe(screen.getByLabelText("E-mail"));
  });

  it("moves on whoever is signed in", async () => {
    const user = { id: "1", email: "ada@example.com", name: "", createdAt: "2026-01-02T03:04:05Z" };
    vi.spyOn(api, "session").mockResolvedValue({ authenticated: true, user, expiresAt: "2026-02-02T03:04:05Z" });
    render(page());
    await waitFor(() => expect(continueToNext).toHaveBeenCalled());
  });
});
