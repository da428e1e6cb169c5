// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LoginForm } from "@/features/auth/login-form";
import { FakeServer, json, noContent, problem } from "@/lib/api/fake-server";
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

const session = "GET /api/auth/session";
const login = "POST /api/auth/login";
const user = { id: "1", email: "ada@example.com", name: "", createdAt: "2026-01-02T03:04:05Z" };
const signedIn = json({ authenticated: true, user, expiresAt: "2026-02-02T03:04:05Z" });
let server: FakeServer;

beforeEach(async () => {
  vi.clearAllMocks();
  server = await FakeServer.start({ [session]: json({ authenticated: false }), [login]: noContent });
});

/** The server takes every sign-in, and the browser keeps its cookies. */
function acceptSignIn() {
  server.answer(login, (response) => {
    server.answer(session, signedIn);
    noContent(response);
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
    acceptSignIn();
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(enterNext).toHaveBeenCalledOnce());
    expect(server.bodies(login)).toEqual([{ email: "ada@example.com", password: "open, please" }]);
    expect(submitButton().getAttribute("aria-disabled")).toBe("true");
  });

  it("is sent once, however often the button is pressed, and keeps the focus meanwhile", async () => {
    let answer = () => {};
    server.answer(login, (response) => (answer = () => noContent(response)));
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(submitButton().getAttribute("aria-busy")).toBe("true"));
    fireEvent.submit(submitButton());
    await userEvent.dblClick(submitButton());
    expect(document.activeElement).toBe(submitButton());
    answer();
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("did not keep you signed in"));
    expect(server.bodies(login)).toHaveLength(1);
  });

  it("says so when the browser kept no session, and goes nowhere", async () => {
    render(page());
    await signIn("ada@example.com", "open, please");
    const heading = await screen.findByRole("heading", { name: "Your browser did not keep you signed in" });
    expect(screen.getByRole("alert").textContent).toContain("plain http"); // As this page is.
    expect(document.activeElement).toBe(heading);
    expect(enterNext).not.toHaveBeenCalled();
    expect(continueToNext).not.toHaveBeenCalled();
  });

  it("goes on when it cannot ask whether the browser kept the session", async () => {
    server.answer(login, (response) => {
      server.answer(session, problem(503, "unavailable"));
      noContent(response);
    });
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(enterNext).toHaveBeenCalledOnce());
  });

  it("asks for what is missing without asking the server", async () => {
    render(page());
    await signIn("", "");
    const email = screen.getByLabelText("E-mail");
    await waitFor(() => expect(email.getAttribute("aria-invalid")).toBe("true"));
    const described = document.getElementById(email.getAttribute("aria-describedby") ?? "");
    expect(described?.textContent).toBe("Enter your e-mail address.");
    expect(screen.getByText("Enter your password.")).toBeDefined();
    expect(server.bodies(login)).toEqual([]);
  });

  it.each(["ada@localhost", "ada@bücher.example", "ädå@example.com", '"a b"@example.com', "a@b@c"])(
    "leaves it to the server whether %s is an address",
    async (email) => {
      acceptSignIn();
      render(page());
      await signIn(email, "open, please");
      await waitFor(() => expect(enterNext).toHaveBeenCalledOnce());
      expect(server.bodies(login)).toHaveLength(1);
    },
  );

  it("shows a refusal and stays, with what was typed", async () => {
    const detail = "The e-mail or the password is wrong.";
    server.answer(login, problem(401, "invalid_credentials", { detail }));
    render(page());
    await signIn("ada@example.com", "wrong");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toBe(detail));
    expect(screen.getByLabelText<HTMLInputElement>("E-mail").value).toBe("ada@example.com");
    expect(submitButton().getAttribute("aria-disabled")).toBe("false");
    expect(enterNext).not.toHaveBeenCalled();
    expect(continueToNext).not.toHaveBeenCalled();
  });

  it("shows the server's faults under their fields and all others in the alert", async () => {
    const errors = [
      { field: "email", code: "too_long", detail: "At most 254 characters." },
      { field: "email", code: "invalid_email", detail: "Not shown: the first fault of a field counts." },
      { field: "elsewhere", code: "unknown_field", detail: "There is no such field." },
    ];
    server.answer(login, problem(422, "validation_failed", { errors }));
    render(page());
    await signIn("ada@example.com", "open, please");
    await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("There is no such field."));
    expect(screen.getByLabelText("E-mail").getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("At most 254 characters.")).toBeDefined();
    expect(screen.queryByText(/Not shown/)).toBeNull();
    expect(document.activeElement).toBe(screen.getByLabelText("E-mail"));
  });

  it("counts down to the next attempt, and says when its time has come", async () => {
    server.answer(login, problem(429, "rate_limited", { detail: "Slow down." }, { "Retry-After": "2" }));
    render(page());
    await signIn("ada@example.com", "wrong");
    const alert = screen.getByRole("alert");
    await waitFor(() => expect(alert.textContent).toBe("Too many attempts. Try again in 2 seconds."));
    const timeout = 5_000;
    await waitFor(() => expect(alert.textContent).toBe("Too many attempts. Try again in 1 second."), { timeout });
    await waitFor(() => expect(alert.textContent).toBe("Too many attempts. You can try again now."), { timeout });
  });

  it("says try again when the server is busy and knows no better", async () => {
    server.answer(login, problem(503, "unavailable", { detail: "The server is busy." }));
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
    server.answer(session, signedIn);
    render(page());
    await waitFor(() => expect(continueToNext).toHaveBeenCalled());
  });
});
