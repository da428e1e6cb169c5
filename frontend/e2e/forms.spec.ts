import { expect, expectDashboard, register, signOut, test } from "./fixtures";

test("a double click sends the form once", async ({ page, person }) => {
  let sent = 0;
  page.on("request", (request) => (sent += request.url().endsWith("/api/auth/register") ? 1 : 0));
  await page.goto("/register");
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).dblclick();
  await expectDashboard(page, person);
  expect(sent).toBe(1);
});

test("Enter signs in, and a password can be pasted and shown", async ({ page, context, person, baseURL }) => {
  await register(page, person);
  await signOut(page);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: baseURL! });
  await page.evaluate((text) => navigator.clipboard.writeText(text), person.password);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").focus();
  await page.keyboard.press("Control+V");
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(page.getByLabel("Password")).toHaveAttribute("type", "text");
  await expect(page.getByLabel("Password")).toHaveValue(person.password);
  await page.getByLabel("Password").press("Enter");
  await expectDashboard(page, person);
});

test("the strength of a password is shown in words", async ({ page, person }) => {
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill("password1");
  await expect(page.getByText(/^Strength: .*easy to guess/i)).toBeVisible();
  await page.getByLabel("Password").fill("quiet lantern over the mossy gate");
  await expect(page.getByText("Strength: Very hard to guess.")).toBeVisible();
});

test("one text at a time says what is wrong with a new password", async ({ page, person, complaints }) => {
  complaints.expect(/status of 422/);
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email);
  const below = page.getByText(/at least \d+ characters|easy to guess|hard to guess|common password/i);
  await expect(below).toHaveText(["At least 8 characters. A few unrelated words make a good one."]);
  await page.getByLabel("Password").fill("password1");
  await expect(below).toHaveText([/^Very easy to guess\./]);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(below).toHaveText(["This is one of the most common passwords. Choose another."]);
  await page.getByLabel("Password").fill("password12");
  await expect(below).toHaveText([/easy to guess\./i]);
  await page.getByLabel("Password").fill("");
  await expect(page.getByLabel("Password")).toHaveAccessibleDescription(/./);
});

test("a busy server is not taken for a wrong password", async ({ page, person, complaints }) => {
  complaints.expect(/status of 503/);
  await page.route("**/api/auth/login", (route) =>
    route.fulfill({
      status: 503,
      headers: { "Retry-After": "30" },
      contentType: "application/problem+json",
      json: { type: "about:blank", title: "Busy", status: 503, code: "unavailable", detail: "The server is busy." },
    }),
  );
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/^The server is busy\. Try again in 30 seconds\.$/)).toBeVisible();
  await expect(page.getByText(/^The server is busy\. Try again in 2\d seconds\.$/)).toBeVisible();
  await expect(page.getByLabel("Password")).toHaveValue(person.password);
});

for (const path of ["/", "/login", "/register", "/dashboard", "/dashboard/settings", "/dashboard/settings/security"]) {
  test(`nothing jumps while ${path} loads`, async ({ page, person }) => {
    if (path.startsWith("/dashboard")) await register(page, person);
    await page.addInitScript(() => {
      Object.assign(window, { shift: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          Object.assign(window, { shift: Number(Reflect.get(window, "shift")) + Number(Reflect.get(entry, "value")) });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(path);
    await page.waitForLoadState("networkidle");
    await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveCount(0);
    // web.dev calls up to 0.1 good.
    expect(await page.evaluate("shift")).toBeLessThan(0.02);
  });
}
