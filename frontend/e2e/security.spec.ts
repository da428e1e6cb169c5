import { expect, expectDashboard, register, signIn, signInElsewhere, test } from "./fixtures";

test.use({ serverFlags: ["--refresh-grace", "0s"] });

test("the security page shows sessions and events, and revokes the other sessions", async ({
  page,
  browser,
  baseURL,
  person,
}) => {
  await register(page, person);
  for (const userAgent of ["curl/8.9.1", "Wget/1.25"]) {
    const other = await signInElsewhere(browser, baseURL, person, userAgent);
    await other.close();
  }
  await page.getByRole("link", { name: "Security" }).click();
  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await expect(sessions).toHaveCount(3);
  const current = sessions.filter({ hasText: "This session" });
  await expect(current).toContainText(/since .*last used/);
  await expect(current.getByRole("button", { name: "End session" })).toHaveCount(0);
  const events = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  await expect(events.filter({ hasText: "Signed in" })).toHaveCount(2);
  await expect(events.filter({ hasText: "Account created" })).toHaveCount(1);

  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(sessions).toHaveCount(1);
  await expect(page.getByText("You are signed out everywhere else.")).toBeVisible();
  await expect(events.filter({ hasText: "All other sessions ended" })).toHaveCount(1);
  await page.reload();
  await expect(sessions).toHaveCount(1);
});

test("ten thousand sessions are shown in steps", async ({ page, person }) => {
  await register(page, person);
  const all = Array.from({ length: 10_000 }, (_, i) => ({
    id: `S${i}`,
    current: i === 0,
    createdAt: "2026-01-02T03:04:05Z",
    lastSeenAt: "2026-01-02T03:04:05Z",
    ip: "192.0.2.1",
    userAgent: `device${i}/1`,
  }));
  const asked: string[] = [];
  await page.route("**/api/user/sessions*", (route) => {
    const after = new URL(route.request().url()).searchParams.get("after");
    asked.push(after ?? "first");
    const from = Number(after ?? 0);
    return route.fulfill({ json: { sessions: all.slice(from, from + 100), next: String(from + 100) } });
  });
  await page.goto("/dashboard/settings/security");
  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await expect(sessions).toHaveCount(11);
  await expect(sessions.first()).toContainText("This session");
  await expect(sessions.first().getByRole("button", { name: "Sign out everywhere else" })).toBeVisible();
  await expect(page.getByText("10 of more than 99 other sessions are shown.")).toBeVisible();
  for (const width of [320, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    expect(height, `pixels high, ${width} wide`).toBeLessThan(6_000);
  }

  const more = page.getByRole("button", { name: "Show more" });
  for (const count of [21, 31, 41, 51, 61, 71, 81, 91]) {
    await more.click();
    await expect(sessions).toHaveCount(count);
  }
  expect(new Set(asked), "what is there is not asked for again").toEqual(new Set(["first"]));
  await more.click();
  await expect(sessions).toHaveCount(101);
  await expect(sessions.last()).toContainText("device100");
  expect(asked).toContain("100");

  await page.goto("/dashboard");
  await expect(page.getByText("Here, and more than 99 others")).toBeVisible();
  await expect(sessions).toHaveCount(11);
});

test("the button goes away when all sessions are shown", async ({ page, person }) => {
  await register(page, person);
  await page.goto("about:blank");
  for (let i = 0; i < 12; i++) {
    const headers = { "User-Agent": `device${i}/1`, Cookie: "" };
    const login = { email: person.email, password: person.password, tokenDelivery: "body" };
    expect((await page.request.post("/api/auth/login", { data: login, headers })).status()).toBe(200);
  }
  await page.goto("/dashboard/settings/security");
  const sessions = page.getByRole("list", { name: "Sessions" });
  await expect(sessions.getByRole("listitem")).toHaveCount(11);
  await expect(page.getByText("10 of 12 other sessions are shown.")).toBeVisible();
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(sessions.getByRole("listitem")).toHaveCount(13);
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
  await expect(sessions, "the focus is not lost with the button").toBeFocused();
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(sessions.getByRole("listitem")).toHaveCount(1);
  await expect(page.getByText("You are not signed in anywhere else.")).toBeVisible();
});

test("a session that could not be revoked comes back, with an error", async ({
  page,
  browser,
  baseURL,
  person,
  complaints,
}) => {
  complaints.expect(/status of 503|ERR_FAILED/);
  await register(page, person);
  const phone = await signInElsewhere(browser, baseURL, person, "curl/8.9.1");
  await page.goto("/dashboard/settings/security");
  const other = page.getByRole("list", { name: "Sessions" }).getByRole("listitem").filter({ hasText: "curl" });
  await expect(other).toBeVisible();

  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/user/sessions/*", async (route) => {
    await held;
    await route.abort();
  });
  await other.getByRole("button", { name: "End session" }).click();
  await expect(other, "it goes at once, before the server has answered").toHaveCount(0);
  release();
  await expect(other, "and comes back when the server does not confirm").toBeVisible();
  await expect(page.getByText("The session has not been ended. The server could not be reached.")).toBeVisible();

  await page.unroute("**/api/user/sessions/*");
  await other.getByRole("button", { name: "End session" }).click();
  await expect(page.getByText("The session has ended.")).toBeVisible();
  await phone.reload();
  await expect(phone).toHaveURL("/login?next=%2Fdashboard");
  await phone.close();
});

test("a person is warned of a stolen session, until they have read it", async ({
  page,
  context,
  baseURL,
  person,
  complaints,
}) => {
  complaints.expect(/status of 401/);
  await register(page, person);
  await page.goto("about:blank"); // The page would leave for the login page by itself.
  const stolen = (await context.cookies()).find(({ name }) => name === "refreshToken")!;
  // Twice, because the previous token is still accepted for a moment.
  for (let i = 0; i < 2; i++) expect((await page.request.post("/api/auth/refresh")).status()).toBe(200);
  const replay = { Cookie: `refreshToken=${stolen.value}` };
  expect((await fetch(new URL("/api/auth/refresh", baseURL), { method: "POST", headers: replay })).status).toBe(401);

  await page.goto("/login");
  await signIn(page, person);
  await expectDashboard(page, person);
  const alert = page.getByRole("alert").filter({ hasText: "Somebody else may have used one of your sessions" });
  await expect(alert).toBeVisible();
  await page.reload();
  await expect(alert, "until it is read").toBeVisible();
  await page.getByRole("button", { name: "I have read this" }).click();
  await expect(alert).toHaveCount(0);
  await expect(page.locator("#content"), "the focus is not lost with the button").toBeFocused();
  await page.reload();
  await expectDashboard(page, person);
  await page.getByRole("link", { name: "Security", exact: true }).click();
  await expect(page.getByText("A used session key was presented again")).toBeVisible();
  await expect(alert).toHaveCount(0);
});
