// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LoginForm } from "@/features/auth/login-form";
import { api } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { continueToNext, enterNext } from "@/lib/navigation";
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

const user = { id: "1", email: "ada@example.com", name: "", createdAt: "2026-01-02T03:04:05Z" };
const signedIn = { authenticated: true, user, expiresAt: "2026-02-02T03:04:05Z" } as const;

beforeEach(() => {
  vi.clearAllMocks();
  vi.spyOn(api, "session").mockResolvedValue({ authenticated: false });
});

/** The server takes every sign-in, and the browser keeps its cookies. */
function acceptSignIn() {
  return vi.spyOn(api, "login").mockImplementation(async () => {
    vi.spyOn(api, "session").mockResolvedValue(signedIn);
  });
}

const submitButton = () => screen.getByRole<HTMLButtonElement>("button", { name: "Sign in" });

afterEach(cleanup);

async function signIn(email: string, password: string) {
  const user = userEvent.setup();
  if (email) await user.type(screen.getByLabelText("E-mail"), email);
  if (password) await user.type(screen.getByLabelText("Password"), password);
  await user.click(submitButton());
}

describe("LoginForm", () => {
  it("cannot be sent before it is hydrated, and not with GET ever", () => {
    const exported = new DOMParser().parseFromString(renderToString(page()), "text/html");
    expect(exported.querySelector("form")?.method).toBe("post");
    expect(exported.querySelector<HTMLButtonElement>("button[type=submit]")?.disabled).toBe(true);
  });

  it("signs in and goes on", async () => {
    const login = acceptSignIn();
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(enterNext).toHaveBeenCalledOnce());
    expect(login).toHaveBeenCalledExactlyOnceWith({ email: "ada@example.com", password: "open, please" });
    expect(submitButton().getAttribute("aria-disabled")).toBe("true");
  });

  it("is sent once, however often the button is pressed, and keeps the focus meanwhile", async () => {
    let answer = () => {};
    const login = vi.spyOn(api, "login").mockReturnValue(new Promise((resolve) => (answer = resolve)));
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(submitButton().getAttribute("aria-busy")).toBe("true"));
    fireEvent.submit(submitButton());
    await userEvent.dblClick(submitButton());
    expect(document.activeElement).toBe(submitButton());
    answer();
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("did not keep you signed in"));
    expect(login).toHaveBeenCalledOnce();
  });

  it("says so when the browser kept no session, and goes nowhere", async () => {
    vi.spyOn(api, "login").mockResolvedValue();
    render(page());
    await signIn("ada@example.com", "open, please");
    const heading = await screen.findByRole("heading", { name: "Your browser did not keep you signed in" });
    expect(screen.getByRole("alert").textContent).toContain("plain http"); // As this page is.
    expect(document.activeElement).toBe(heading);
    expect(enterNext).not.toHaveBeenCalled();
    expect(continueToNext).not.toHaveBeenCalled();
  });

  it("goes on when it cannot ask whether the browser kept the session", async () => {
    const refusal = { status: 503, code: "unavailable", detail: "Busy." } as const;
    vi.spyOn(api, "login").mockImplementation(async () => {
      vi.spyOn(api, "session").mockRejectedValue(new ApiError(refusal));
    });
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(enterNext).toHaveBeenCalledOnce());
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
      const login = acceptSignIn();
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
    expect(submitButton().getAttribute("aria-disabled")).toBe("false");
    expect(enterNext).not.toHaveBeenCalled();
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

  it("counts down to the next attempt, and says when its time has come", async () => {
    const refusal = { status: 429, code: "rate_limited", detail: "Slow down.", retryAfter: 2 } as const;
    vi.spyOn(api, "login").mockRejectedValue(new ApiError(refusal));
    render(page());
    await signIn("ada@example.com", "wrong");
    const alert = screen.getByRole("alert");
    await waitFor(() => expect(alert.textContent).toBe("Too many attempts. Try again in 2 seconds."));
    const timeout = 5_000;
    await waitFor(() => expect(alert.textContent).toBe("Too many attempts. Try again in 1 second."), { timeout });
    await waitFor(() => expect(alert.textContent).toBe("Too many attempts. You can try again now."), { timeout });
  });

  it("says try again when the server is busy and knows no better", async () => {
    const refusal = { status: 503, code: "unavailable", detail: "The server is busy." } as const;
    vi.spyOn(api, "login").mockRejectedValue(new ApiError(refusal));
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() =>
      expect(screen.getByRole("alert").textContent).toBe("The server is busy. Try again in a moment."),
    );
  });

  it("shows the password to whoever wants to see it", async () => {
    render(page());
    const password = screen.getByLabelText<HTMLInputElement>("Password");
    await userEvent.type(password, "open, please");
    await userEvent.click(screen.getByRole("button", { name: "Show password" }));
    expect(password.type).toBe("text");
    await userEvent.click(screen.getByRole("button", { name: "Hide password" }));
    expect(password.type).toBe("password");
    expect(password.value).toBe("open, please");
  });

  it("moves on whoever is signed in", async () => {
    vi.spyOn(api, "session").mockResolvedValue(signedIn);
    render(page());
    await waitFor(() => expect(continueToNext).toHaveBeenCalled());
  });
});
