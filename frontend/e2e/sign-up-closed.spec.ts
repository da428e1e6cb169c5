import { expect, test } from "./fixtures";

test.use({ serverFlags: ["--signup", "closed", "--support", "help+accounts@example.com"] });

const offer = /create (an account|one)/i;

for (const path of ["/", "/login"]) {
  test(`${path} offers no account`, async ({ page }) => {
    const methods = page.waitForResponse("**/api/auth/methods");
    await page.goto(path);
    await (await methods).finished();
    await expect(page.getByText(offer)).toHaveCount(0);
    await expect(page.locator('a[href^="/register"]')).toHaveCount(0);
  });
}

test("sign-up says at once that it is closed, and whom to ask", async ({ page }) => {
  await page.goto("/register?next=/dashboard/settings");
  await expect(page.getByRole("heading", { name: "Sign-up is closed" })).toBeVisible();
  await expect(page.getByRole("textbox")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "help+accounts@example.com" })).toHaveAttribute(
    "href",
    "mailto:help%2Baccounts@example.com",
  );
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings");
});

test("a page that could not ask finds out by the form", async ({ page, person, complaints }) => {
  complaints.expect(/status of 403 .*\/api\/auth\/register|ERR_FAILED/);
  await page.route("**/api/auth/methods", (route) => route.abort());
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Sign-up is closed here." })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Sign-up is closed" })).toBeVisible();
  await expect(page.getByText(/create an account/i), "nothing still offers one").toHaveCount(0);
});

test("whoever has forgotten their password is told whom to ask", async ({ page }) => {
  await page.goto("/login");
  await expect(page.getByText("Forgot your password?")).toBeVisible();
  await expect(page.getByRole("link", { name: "help+accounts@example.com" })).toBeVisible();
});
