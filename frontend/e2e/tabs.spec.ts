import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, expectDashboard, register, signIn, signOut, test } from "./fixtures";

test("signing out in one tab signs the other out", async ({ page, context, person }) => {
  await register(page, person);
  const other = await context.newPage();
  await other.goto("/dashboard/settings");
  await expect(other.getByLabel("Name")).toBeVisible();
  await signOut(page);
  await expect(other).toHaveURL("/login?next=%2Fdashboard%2Fsettings");
});

test("signing in in one tab leads on the login page in another", async ({ page, context, person }) => {
  await register(page, person);
  await signOut(page);
  const other = await context.newPage();
  await other.goto("/login?next=/dashboard/settings");
  await expect(other.getByRole("button", { name: "Sign in" })).toBeEnabled();
  await signIn(page, person);
  await expectDashboard(page, person);
  await expect(other).toHaveURL("/dashboard/settings");
});

test("the dashboard of one person does not stay open for another", async ({
  page,
  context,
  browser,
  baseURL,
  person,
}) => {
  const second = { ...person, name: "Grace Hopper", email: `grace-${person.email}` };
  const elsewhere = await browser.newPage({ baseURL: baseURL! });
  await register(elsewhere, second);
  await elsewhere.close();

  await register(page, person);
  const other = await context.newPage();
  await other.goto("/login.html?next=/dashboard");
  await expectDashboard(other, person);
  for (const tab of [page, other]) await tab.waitForLoadState("networkidle"); // No call of theirs may come after the next line.
  // A sign-out that no tab tells the others of, and a sign-in as another person.
  await context.clearCookies();
  await other.goto("/login");
  await signIn(other, second);
  await expectDashboard(other, second);
  await expectDashboard(page, second);
});

test("a link from another site leads to the page, or to sign-in", async ({ page, baseURL, person }) => {
  const site = createServer((_, response) => {
    response
      .writeHead(200, { "Content-Type": "text/html" })
      .end(`<a href="${baseURL}/dashboard?from=afar#here">Go</a>`);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  const elsewhere = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  try {
    await page.goto(elsewhere);
    await page.getByRole("link", { name: "Go" }).click();
    await expect(page).toHaveURL("/login?next=%2Fdashboard%3Ffrom%3Dafar#here");

    await register(page, person);
    await page.goto(elsewhere);
    await page.getByRole("link", { name: "Go" }).click();
    await expect(page).toHaveURL("/dashboard?from=afar#here");
    await expect(page.getByRole("heading", { name: `Hello, ${person.name}` })).toBeVisible();
  } finally {
    site.closeAllConnections();
    site.close();
  }
});

test("a prefetch that was refused is not in the way after signing in", async ({
  page,
  context,
  person,
  complaints,
}) => {
  complaints.expect(/status of 401/);
  await register(page, person);
  await page.goto("/dashboard/settings");
  await expect(page.getByLabel("Name")).toBeVisible();
  await context.clearCookies();
  const refused = page.waitForResponse((response) => response.status() === 401);
  await page.getByRole("link", { name: "Dashboard" }).hover();
  await page.getByRole("link", { name: "Dashboard" }).click();
  await refused;
  await expect(page).toHaveURL("/login?next=%2Fdashboard");
  await signIn(page, person);
  await expectDashboard(page, person);
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page).toHaveURL("/dashboard/settings");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
});

test("sixteen tabs that wake without an access token all stay signed in", async ({ page, context, person }) => {
  await register(page, person);
  const tabs = await Promise.all(Array.from({ length: 16 }, () => context.newPage()));
  await context.clearCookies({ name: "accessToken" }); // As in a browser once the token has expired.
  await Promise.all(tabs.map((tab) => tab.goto("/dashboard")));
  for (const tab of tabs) await expectDashboard(tab, person);
  await page.reload();
  await expect(page.getByRole("list", { name: "Sessions" }).getByRole("listitem")).toHaveCount(1);
});
