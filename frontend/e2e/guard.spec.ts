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

test("the fragment of the address survives signing in", async ({ page, context, person, complaints }) => {
  complaints.expect(/status of 401/);
  await register(page, person);
  await signOut(page);
  await page.goto("/dashboard/settings?tab=1#security/#2");
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings%3Ftab%3D1#security/#2");
  await signIn(page, person);
  await expect(page).toHaveURL("/dashboard/settings?tab=1#security/#2");

  await expect(page.getByLabel("Name")).toHaveValue(person.name);

  // It survives too when an open page finds out that the session is no longer valid.
  await context.clearCookies();
  await page.getByLabel("Name").fill("Grace");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings%3Ftab%3D1#security/#2");

  // And on the way over the sign-up page and back, and for a person who is signed in already.
  await page.getByRole("link", { name: "Create one" }).click();
  await expect(page).toHaveURL("/register?next=%2Fdashboard%2Fsettings%3Ftab%3D1#security/#2");
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings%3Ftab%3D1#security/#2");
  expect(
    (await page.request.post("/api/auth/login", { data: { email: person.email, password: person.password } })).ok(),
  ).toBe(true);
  const another = await context.newPage();
  await another.goto(page.url());
  await expect(another).toHaveURL("/dashboard/settings?tab=1#security/#2");
});

test("the fragment leads nowhere else", async ({ page, person }) => {
  await register(page, person);
  await page.goto("/login#//evil.example/");
  await expect(page).toHaveURL("/dashboard#//evil.example/");
  await signOut(page);
  await page.goto("/login");
  await page.getByRole("link", { name: "Skip to content" }).press("Enter");
  await expect(page).toHaveURL("/login#content");
  await signIn(page, person);
  await expect(page, "the skip link is of the page alone").toHaveURL("/dashboard");
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

test("a page whose session was revoked elsewhere leads to the login page", async ({
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
  // The button goes away before the server has answered. These words come after.
  await expect(elsewhere.getByText("You are signed out everywhere else.")).toBeVisible();
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
