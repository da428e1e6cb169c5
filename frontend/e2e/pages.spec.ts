import type { Page } from "@playwright/test";
import { product } from "../lib/product";
import { expect, expectDashboard, register, test } from "./fixtures";

test("the start page says what this is and leads to sign-up", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveTitle(`${product.name}: ${product.tagline}`);
  await expect(page.getByRole("main").getByText(product.tagline)).toBeVisible();
  await expect(page.getByRole("contentinfo")).toContainText(product.footer.text);
  await page.getByRole("link", { name: "Create an account" }).click();
  await expect(page).toHaveURL("/register");
});

test("an unknown address shows the site's own 404 page", async ({ page, complaints }) => {
  complaints.expect(/status of 404 .*\/no\/such\/page/);
  const response = await page.goto("/no/such/page");
  expect(response?.status()).toBe(404);
  await page.getByRole("link", { name: "Go to the start page" }).click();
  await expect(page).toHaveURL("/");
});

test.describe("code that can no longer be loaded", () => {
  /**
   * Refuses, as after an upgrade, the chunks that are loaded after the page, such as that of the list of sessions. No
   * script element in the HTML of the page names them.
   */
  async function refuseLateChunks(page: Page, before: () => Promise<void> = async () => {}): Promise<void> {
    const early = new Set<string>();
    await page.route("**/dashboard", async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      const html = response.ok() ? await response.text() : "";
      for (const [, path] of html.matchAll(/<script src="([^"]+)"/g)) early.add(path!);
      await route.fulfill({ response });
    });
    await page.route("**/_next/static/chunks/*.js", async (route) => {
      if (early.has(new URL(route.request().url()).pathname)) return route.fallback();
      await before();
      return route.fulfill({ status: 404 });
    });
  }

  test("is asked for once more, and then the page offers a button", async ({ page, person, complaints }) => {
    complaints.expect(/status of 404|ChunkLoadError|Failed to load chunk|MIME type/);
    await register(page, person);
    let loads = 0;
    page.on("request", (request) => (loads += request.isNavigationRequest() ? 1 : 0));
    await refuseLateChunks(page);
    await page.reload();
    await expect(page.getByRole("heading", { name: "Something went wrong" })).toBeVisible();
    expect(loads).toBe(2);

    await page.unrouteAll({ behavior: "wait" });
    await page.getByRole("button", { name: "Reload" }).click();
    await expectDashboard(page, person);
    await expect(page.getByText("This session", { exact: true })).toBeVisible();
  });

  test("leads to the login page when the session has ended", async ({ page, context, person, complaints }) => {
    complaints.expect(/status of 40[14]|ChunkLoadError|Failed to load chunk|MIME type/);
    await register(page, person);
    await refuseLateChunks(page, () => context.clearCookies());
    await page.reload();
    await expect(page).toHaveURL("/login?next=%2Fdashboard");
  });
});

test("the sign-in page stays light", async ({ page }) => {
  const scripts = new Map<string, number>();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith(".js")) scripts.set(pathname, Number(response.headers()["content-length"]));
  });
  await page.goto("/login");
  await page.waitForLoadState("networkidle");
  // 118 kB of it are React and the client of Next.js, which every page has. The rest is forms, queries and our own code.
  const bytes = [...scripts.values()].reduce((sum, length) => sum + length, 0);
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(185_000);
});

test("an open tab notices an upgrade with its next navigation", async ({ page, person }) => {
  await register(page, person);
  await expect(page.getByText("This session", { exact: true })).toBeVisible();
  // Every payload names its build. Here it names another one.
  await page.route("**/*.txt*", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(/"(buildId|b)":"[0-9a-f]{16}"/g, '"$1":"0123456789abcdef"');
    await route.fulfill({ response, body });
  });
  await page.reload();
  const document = page.waitForRequest((request) => request.isNavigationRequest());
  await page.getByRole("link", { name: "Settings" }).click();
  expect(new URL((await document).url()).pathname).toBe("/dashboard/settings");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
});
