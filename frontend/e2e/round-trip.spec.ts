import type { Page } from "@playwright/test";
import { expect, expectDashboard, register, signIn, test } from "./fixtures";

/** What another program on this host may do, such as a development server of another project. */
async function plantCookie(page: Page, path: string): Promise<void> {
  const { hostname } = new URL(page.url());
  await page.context().addCookies([{ name: "refreshToken", value: "of-another-program", domain: hostname, path }]);
}

/** Counts the documents that are asked for. */
function countDocuments(page: Page): () => number {
  let count = 0;
  page.on("request", (request) => (count += request.isNavigationRequest() ? 1 : 0));
  return () => count;
}

/** Waits until the page is at rest, and fails when it leaves on its own. */
async function expectAtRest(page: Page, documents: () => number, most: number): Promise<void> {
  await page.waitForLoadState("networkidle");
  const before = documents();
  expect(before).toBeLessThanOrEqual(most);
  // A page that goes back and forth would load many documents while the server answers a hundred requests.
  for (let i = 0; i < 100; i++) expect((await page.request.get("/healthz")).ok()).toBe(true);
  expect(documents(), "it stays where it is").toBe(before);
}

const problem = (code: string) => ({
  status: 401,
  contentType: "application/problem+json",
  headers: { "WWW-Authenticate": "Bearer" },
  json: {
    type: "about:blank",
    title: "Unauthorized",
    status: 401,
    code,
    detail: "Refused.",
    requestId: "0".repeat(32),
  },
});

const inTheWay = "Another program’s cookie is in the way";
const sentBack = "You were sent back here";

test.describe("another program's cookie", () => {
  test("for the protected pages is explained on the login page, which stays", async ({ page, person }) => {
    await register(page, person);
    await plantCookie(page, "/dashboard");
    const documents = countDocuments(page);
    await page.goto("/dashboard/settings#name");
    await expect(page.getByRole("heading", { name: inTheWay })).toBeFocused();
    await expectAtRest(page, documents, 2);
    await expect(page.getByRole("button", { name: "Sign in" })).toHaveCount(0);

    // The same site under another name of this computer has cookies of its own.
    const other = page.getByRole("link", { name: /^127\.0\.0\.1:\d+$/ });
    await expect(other).toHaveAttribute(
      "href",
      /^http:\/\/127\.0\.0\.1:\d+\/login\?next=%2Fdashboard%2Fsettings#name$/,
    );

    // Following the advice helps.
    await page.context().clearCookies({ path: "/dashboard" });
    await page.getByRole("link", { name: "Try again" }).click();
    await expect(page).toHaveURL("/dashboard/settings#name");
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  });

  test("for the API is explained on the page that meets it", async ({ page, person, complaints }) => {
    complaints.expect(/status of 401 .*\/api\/user\//);
    await register(page, person);
    await plantCookie(page, "/api");
    const documents = countDocuments(page);
    await page.reload();
    await expect(page.getByRole("heading", { name: inTheWay })).toBeVisible();
    await expectAtRest(page, documents, 1);
    await expect(page).toHaveURL("/dashboard");
    await expect(page.getByRole("button", { name: "Try again" }), "it is said once").toHaveCount(1);

    await page.goto("/login");
    await expect(page.getByRole("heading", { name: inTheWay })).toBeVisible();
    await expectAtRest(page, documents, 2);
    await page.context().clearCookies({ path: "/api" });
    await page.getByRole("link", { name: "Try again" }).click();
    await expectDashboard(page, person);
  });

  test("that is set after the page has loaded is explained by the form", async ({ page, person }) => {
    await register(page, person);
    await page.goto("about:blank"); // No call of the page may come after the next line.
    await page.context().clearCookies();
    await page.goto("/login");
    await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
    await plantCookie(page, "/api");
    const documents = countDocuments(page);
    await signIn(page, person);
    await expect(page.getByRole("heading", { name: inTheWay })).toBeVisible();
    await expectAtRest(page, documents, 0);
  });
});

test.describe("a server that contradicts itself", () => {
  test("is left alone by the login page after one round", async ({ page, person }) => {
    await register(page, person);
    await page.goto("about:blank");
    await page.route(/\/dashboard(\?.*)?$/, (route) =>
      route.fulfill({ status: 303, headers: { Location: "/login?next=%2Fdashboard" } }),
    );
    const documents = countDocuments(page);
    await page.goto("/dashboard#here");
    await expect(page.getByRole("heading", { name: sentBack })).toBeFocused();
    await expectAtRest(page, documents, 4);
    await expect(page.getByRole("link", { name: "Open the page" })).toHaveAttribute("href", "/dashboard#here");

    // Signing in again leads there once more, and then it stays again.
    await signIn(page, person);
    await expect(page.getByRole("heading", { name: sentBack })).toBeFocused();
    await expectAtRest(page, documents, 6);

    await page.unroute(/\/dashboard(\?.*)?$/);
    await page.getByRole("link", { name: "Open the page" }).click();
    await expect(page).toHaveURL("/dashboard#here");
  });

  for (const call of ["profile", "sessions", "events"]) {
    test(`is left alone by a page whose ${call} it refuses`, async ({ page, person, complaints }) => {
      complaints.expect(/status of 401 .*\/api\/user\//);
      await register(page, person);
      await page.goto("about:blank");
      await page.route(`**/api/user/${call}`, (route) => route.fulfill(problem("unauthenticated")));
      const documents = countDocuments(page);
      await page.goto("/dashboard");
      await expect(page.getByRole("heading", { name: sentBack })).toBeVisible();
      await expect(page).toHaveURL("/dashboard");
      await expectAtRest(page, documents, 3);
      await expect(page.getByText("Taking you to the sign-in page…")).toHaveCount(0);

      await page.unroute(`**/api/user/${call}`);
      await page.getByRole("button", { name: "Try again" }).first().click();
      await expectDashboard(page, person);
      await expect(page.getByText("This session", { exact: true })).toBeVisible();
    });
  }

  test("is left alone by a browser that remembers nothing, and yet a sign-in leads on", async ({ page, person }) => {
    await page.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException("It is full.", "QuotaExceededError");
      };
    });
    await register(page, person);
    const documents = countDocuments(page);
    await page.goto("/login");
    await expect(page.getByRole("heading", { name: sentBack })).toBeVisible();
    await expectAtRest(page, documents, 1);
    await page.context().clearCookies();
    await page.reload();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
    await signIn(page, person);
    await expectDashboard(page, person);
  });

  test("is left alone by a page whose form it refuses", async ({ page, person, complaints }) => {
    complaints.expect(/status of 401 .*\/api\/user\//);
    await register(page, person);
    await page.goto("/dashboard/settings");
    await page.route("**/api/user/profile", (route) =>
      route.request().method() === "PATCH" ? route.fulfill(problem("session_ended")) : route.fallback(),
    );
    const documents = countDocuments(page);
    for (const attempt of [1, 2]) {
      await page.getByLabel("Name").fill(`Grace ${attempt}`);
      await page.getByRole("button", { name: "Save name" }).click();
      if (attempt === 1) await expect.poll(documents).toBe(2);
    }
    await expect(page.getByRole("heading", { name: sentBack })).toBeVisible();
    await expectAtRest(page, documents, 2);
  });
});
