import type { Page } from "@playwright/test";
import { expect, expectDashboard, register, signIn, signInElsewhere, signOut, test } from "./fixtures";

/** What the browser does when a person turns to the page: the tab is in front already, and its window gets the focus. */
async function lookAt(page: Page): Promise<void> {
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
}

test("a page whose session was ended elsewhere leaves when it is looked at, and says why", async ({
  page,
  browser,
  baseURL,
  person,
}) => {
  await register(page, person);
  await page.goto("/dashboard/settings#name");
  await expect(page.getByLabel("Name")).toBeVisible();
  const elsewhere = await signInElsewhere(browser, baseURL, person);
  await elsewhere.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(elsewhere.getByText("You are signed out everywhere else.")).toBeVisible();
  await elsewhere.close();

  await lookAt(page);
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings#name");
  await expect(page.getByRole("status").filter({ hasText: "You have been signed out" })).toBeVisible();
  await signIn(page, person);
  await expect(page).toHaveURL("/dashboard/settings#name");
  await signOut(page);
  await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
  await expect(page.getByText("You have been signed out"), "whoever signs out knows why").toHaveCount(0);
});

test("the guard leads to the same words", async ({ page, browser, baseURL, person }) => {
  await register(page, person);
  const elsewhere = await signInElsewhere(browser, baseURL, person);
  await elsewhere.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(elsewhere.getByText("You are signed out everywhere else.")).toBeVisible();
  await elsewhere.close();
  await page.goto("/dashboard/settings");
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings");
  await expect(page.getByText("You have been signed out")).toBeVisible();
});

test("the page of a disabled person leaves when it is looked at, and says so", async ({ page, person, server }) => {
  await register(page, person);
  await server.run("user", "disable", "--email", person.email);
  // The server learns of it within a second, so the first look may come too early.
  await expect(async () => {
    await lookAt(page);
    await expect(page).toHaveURL("/login?next=%2Fdashboard", { timeout: 3_000 });
  }).toPass({ timeout: 30_000 });
  await expect(page.getByText("Your account is disabled")).toBeVisible();

  await server.run("user", "enable", "--email", person.email);
  await signIn(page, person);
  await expectDashboard(page, person);
});

test("a look costs one question, and nothing is asked in between", async ({ page, person }) => {
  await register(page, person);
  await page.goto("/dashboard/settings");
  await expect(page.getByLabel("Name")).toBeVisible();
  await page.waitForLoadState("networkidle");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const answered = page.waitForResponse("**/api/user/profile");
  await page.evaluate(() => {
    document.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(new Event("focus"));
    window.dispatchEvent(new Event("online"));
  });
  await answered;
  await page.waitForLoadState("networkidle");
  expect(asked.filter((path) => path === "/api/auth/session")).toHaveLength(1);
  await expect(page).toHaveURL("/dashboard/settings");
});

test("a page that is looked at while the server is away stays as it is", async ({ page, person, complaints }) => {
  complaints.expect(/ERR_FAILED/);
  await register(page, person);
  await expect(page.getByText("This session", { exact: true })).toBeVisible();
  await page.route("**/api/**", (route) => route.abort());
  const failed = page.waitForEvent("requestfailed");
  await lookAt(page);
  await failed;
  await expectDashboard(page, person);
  await expect(page.getByText("This session", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);
});
