import { expect, expectDashboard, register, signIn, signInElsewhere, signOut, test } from "./fixtures";

test("a protected address leads through the login page and back, with its query", async ({ page, person }) => {
  await register(page, person);
  await signOut(page);

  await page.goto("/dashboard/settings?tab=a%2Fb&q=1");
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings%3Ftab%3Da%252Fb%26q%3D1");
  await signIn(page, person);
  await expect(page).toHaveURL("/dashboard/settings?tab=a%2Fb&q=1");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
});

for (const next of ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/login"]) {
  test(`next=${next} leads to the dashboard`, async ({ page, person }) => {
    await register(page, person);
    await signOut(page);
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await signIn(page, person);
    await expectDashboard(page, person);
  });
}

test("Back after signing out shows the login page", async ({ page, person }) => {
  const login = (url: URL) => url.pathname === "/login";
  await register(page, person);
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await signOut(page);

  await page.goBack();
  await page.waitForURL(login);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText(person.email)).toBeHidden();
});

test("a page whose session was ended elsewhere leads to the login page", async ({
  page,
  browser,
  baseURL,
  person,
  complaints,
}) => {
  complaints.expect(/status of 401 .*\/(api\/|dashboard)/);
  await register(page, person);

  const elsewhere = await signInElsewhere(browser, baseURL, person);
  await elsewhere.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(elsewhere.getByRole("button", { name: "Sign out everywhere else" })).toBeHidden();
  await elsewhere.close();

  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings");
});

test("links from public pages know who is signed in", async ({ page, person }) => {
  await page.goto("/");
  await expect(page.getByRole("navigation").getByRole("link", { name: "Sign in" })).toBeVisible();
  await register(page, person);
  await page.goto("/");
  await page.getByRole("link", { name: "Dashboard" }).click();
  await expectDashboard(page, person);
});
