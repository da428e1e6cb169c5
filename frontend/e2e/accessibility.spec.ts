import { readdirSync } from "node:fs";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, expectDashboard, register, signIn, signOut, test } from "./fixtures";

/*
 * The checks are soft: a test goes on after a finding, and lists all of them.
 */

/** Checks every rule of axe, once the page has loaded and no animation changes its colours. */
async function expectAccessible(page: Page): Promise<void> {
  await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveCount(0);
  await expect.poll(() => page.evaluate(() => document.getAnimations().length)).toBe(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const findings = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect.soft(findings, `findings at ${page.url()}`).toEqual([]);
}

async function expectNotTooWide(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect.soft(tooWide, `pixels too wide at ${page.url()}`).toBeLessThanOrEqual(0);
}

/** The address of every page that was built, also of those that no other test knows. */
function builtPages(): string[] {
  const files = readdirSync(path.join(import.meta.dirname, "..", "out"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".html") && !/^(404|_not-found)\.html$/.test(file))
    .map((file) => `/${file.replaceAll(path.sep, "/").replace(/(^|(?<=\/))index\.html$|\.html$/, "")}`)
    .sort();
}

test("every page that was built is accessible, and none scrolls sideways", async ({ page, person }) => {
  const look = async (address: string) => {
    for (const width of [320, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(address);
      await page.waitForLoadState("networkidle");
      await expect(page, "the page itself, not another in its place").toHaveURL(address);
      await expectNotTooWide(page);
    }
    await expectAccessible(page);
  };
  const behindTheGuard: string[] = [];
  for (const address of builtPages()) {
    const answer = await page.request.get(address, { maxRedirects: 0 });
    if (answer.status() === 303) behindTheGuard.push(address);
    else await look(address);
  }
  expect(behindTheGuard).toContain("/dashboard");
  await register(page, person);
  for (const address of behindTheGuard) await look(address);
});

for (const width of [320, 390, 768, 1440]) {
  test(`no page scrolls sideways at ${width} pixels, however long the names`, async ({ page, person, complaints }) => {
    complaints.expect(/status of 401/);
    // As long as allowed, with nothing where a line could break.
    const labels = Array.from({ length: 3 }, () => "m".repeat(61)).join(".");
    const longest = {
      email: `${person.email.slice(0, 12).padEnd(64, "m")}@${labels}.io`,
      name: "W".repeat(100),
      password: person.password,
    };
    expect(longest.email).toHaveLength(253);
    await page.setViewportSize({ width, height: 900 });
    await register(page, longest);
    for (const userAgent of ["X".repeat(500), "W".repeat(250)]) {
      const headers = { "User-Agent": userAgent, Cookie: "" };
      const login = { ...longest, name: undefined, tokenDelivery: "body" };
      expect((await page.request.post("/api/auth/login", { data: login, headers })).status()).toBe(200);
    }
    for (const path of ["/dashboard", "/dashboard/settings", "/dashboard/settings/security"]) {
      await page.goto(path);
      await page.waitForLoadState("networkidle");
      await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveCount(0);
      await expectNotTooWide(page);
    }
    await signOut(page);
    await signIn(page, { email: longest.email, password: "not the one at all" });
    await expect(page.getByRole("alert").filter({ hasText: /\S/ })).toBeVisible();
    await expectNotTooWide(page);
    const next = encodeURIComponent(`/dashboard/${"w".repeat(300)}`);
    for (const path of ["/", "/register", "/no/such/page", `/login?next=${next}&error=duplicate_cookies`]) {
      complaints.expect(/status of 404/);
      await page.goto(path);
      await page.waitForLoadState("networkidle");
      await expectNotTooWide(page);
    }
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [390, 1440]) {
    test.describe(`${colorScheme}, ${width} pixels wide`, () => {
      test.use({ colorScheme, viewport: { width, height: 900 } });

      test("no page has a finding of axe, or scrolls sideways", async ({ page, person, complaints }) => {
        complaints.expect(/status of (401|404|422)/);
        const expectGood = async () => {
          await expectAccessible(page);
          await expectNotTooWide(page);
        };
        for (const path of ["/", "/login", "/no/such/page"]) {
          await page.goto(path);
          await expectGood();
        }
        await page.goto("/register");
        await page.getByLabel("E-mail").fill(person.email);
        await page.getByLabel("Password").fill("short");
        await expect(page.getByText(/easy to guess/i)).toBeVisible();
        await page.getByRole("button", { name: "Create account" }).click();
        await expect(page.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
        await expectGood();

        await register(page, person);
        await expect(page.getByText("This session", { exact: true })).toBeVisible();
        await expectGood();
        await page.getByRole("link", { name: "Settings" }).click();
        await expect(page.getByLabel("Name")).toBeVisible();
        await expectGood();
        await page.getByRole("link", { name: "Security" }).click();
        await expect(page.getByLabel("Current password")).toBeVisible();
        await expect(page.getByText("Account created")).toBeVisible();
        await expect(page.getByText("This session", { exact: true })).toBeVisible();
        await expectGood();

        await signOut(page);
        await page.getByLabel("E-mail").fill(person.email);
        await page.getByLabel("Password").fill("not the one at all");
        await page.getByLabel("Password").press("Enter");
        await expect(page.getByRole("alert").filter({ hasText: /\S/ })).toBeVisible();
        await expectGood();
      });
    });
  }
}

test("a keyboard is enough for every flow", async ({ page, person }) => {
  const tabTo = async (name: string) => {
    await expect(async () => {
      await page.keyboard.press("Tab");
      await expect(page.locator(":focus")).toHaveAccessibleName(name, { timeout: 500 });
    }).toPass();
  };
  await page.goto("/");
  await tabTo("Skip to content");
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
  await tabTo("Create an account");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/register");

  await expect(page.getByRole("button", { name: "Create account" })).toBeEnabled();
  await tabTo("Name (optional)");
  await page.keyboard.type(person.name);
  await tabTo("E-mail");
  await page.keyboard.type(person.email);
  await tabTo("Password");
  await page.keyboard.type(person.password);
  await page.keyboard.press("Enter");
  await expectDashboard(page, person);

  await tabTo("Settings");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(page.locator("#content"), "focus follows the navigation").toBeFocused();
  await tabTo("Name");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Grace");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your name is saved.")).toBeVisible();

  await page.goto("/dashboard");
  await tabTo("Switch between light and dark");
  await page.keyboard.press("Space");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await tabTo("Sign out");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/login");
});
