import { randomUUID } from "node:crypto";
import { test as base, expect, type Browser, type Page } from "@playwright/test";
import { startServer, type Server } from "./server";

export { expect };

export interface ServerOptions {
  /** Flags beside the ones that every test needs. */
  serverFlags: string[];
}

interface Person {
  name: string;
  email: string;
  password: string;
}

/** Collects what the browser complains about. A complaint that a test does not expect fails it. */
class Complaints {
  readonly #all: string[] = [];
  readonly #expected: RegExp[] = [];

  add(complaint: string): void {
    this.#all.push(complaint);
  }

  expect(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  get unexpected(): string[] {
    return this.#all.filter((complaint) => !this.#expected.some((pattern) => pattern.test(complaint)));
  }
}

interface Fixtures {
  complaints: Complaints;
  /** A person who has no account yet. */
  person: Person;
}

export const test = base.extend<Fixtures, ServerOptions & { server: Server }>({
  serverFlags: [[], { option: true, scope: "worker" }],

  server: [
    async ({ serverFlags }, provide) => {
      // Limits that no test reaches by accident. A later flag of the same name wins.
      const limits = ["--login-attempts", "1000/m", "--register-attempts", "1000/m"];
      const server = await startServer([...limits, ...serverFlags]);
      await provide(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  baseURL: async ({ server }, provide) => provide(server.origin),

  complaints: [
    async ({ context }, provide) => {
      const complaints = new Complaints();
      context.on("console", (message) => {
        if (message.type() === "error") complaints.add(`${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => complaints.add(error.error().message));
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`Content-Security-Policy: ${event.violatedDirective} refused ${event.blockedURI}`);
        });
      });
      await provide(complaints);
      expect(complaints.unexpected, "complaints of the browser").toEqual([]);
    },
    { auto: true },
  ],

  person: async ({}, provide) => {
    const id = randomUUID().slice(0, 8);
    await provide({ name: "Ada Lovelace", email: `ada-${id}@example.com`, password: `lantern over the gate ${id}` });
  },
});

/** Creates an account as a person does. */
export async function registerByForm(page: Page, person: Person): Promise<void> {
  await page.goto("/register");
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expectDashboard(page, person);
}

/** Creates an account and shows the dashboard: the quick way, for tests of what comes after. */
export async function register(page: Page, person: Person): Promise<void> {
  await page.goto("about:blank"); // A sign-in page would lead on by itself as soon as somebody is signed in.
  const response = await page.request.post("/api/auth/register", { data: person });
  expect(response.status()).toBe(201);
  await page.goto("/dashboard");
  await expectDashboard(page, person);
}

export async function signIn(page: Page, person: Pick<Person, "email" | "password">): Promise<void> {
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Signs the person in to another browser, and returns its page, which shows the dashboard. */
export async function signInElsewhere(
  browser: Browser,
  baseURL: string | undefined,
  person: Person,
  userAgent?: string,
): Promise<Page> {
  const page = await browser.newPage({ ...(baseURL && { baseURL }), ...(userAgent && { userAgent }) });
  await page.goto("/login");
  await signIn(page, person);
  await expectDashboard(page, person);
  return page;
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL("/login");
}

export async function expectDashboard(page: Page, person: Person): Promise<void> {
  await expect(page).toHaveURL("/dashboard");
  await expect(page.getByRole("heading", { name: `Hello, ${person.name}` })).toBeVisible();
}
