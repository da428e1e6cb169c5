import { product } from "../lib/product";
import { expect, expectDashboard, register, signIn, signOut, test } from "./fixtures";

test("signing out leads to the login page, and signing in leads back", async ({ page, person }) => {
  await register(page, person);
  await signOut(page);
  await signIn(page, person);
  await expectDashboard(page, person);
});

test("a wrong password shows an error, and never reaches the address", async ({ page, person, complaints }) => {
  complaints.expect(/status of 401 .*\/api\/auth\/login/);
  await register(page, person);
  await signOut(page);

  const password = "not the one at all";
  await signIn(page, { email: person.email, password });
  await expect(page.getByRole("alert").filter({ hasText: /\S/ })).toBeVisible();
  await expect(page).toHaveURL("/login");

  await signIn(page, person);
  await expectDashboard(page, person);
});

test("no script is given a token that it did not ask for", async ({ page, person }) => {
  await page.goto("/");
  for (const [path, body] of Object.entries({
    "/api/auth/register": person,
    "/api/auth/login": { email: person.email, password: person.password },
    "/api/auth/refresh": undefined,
    "/api/auth/session": null,
  })) {
    const answer = await page.evaluate(
      async ([path, body, method]) => {
        const headers = { "Content-Type": "application/json" };
        const response = await fetch(path, body ? { method, headers, body } : { method });
        return { ok: response.ok, text: await response.text(), cookie: document.cookie };
      },
      [path, body ? JSON.stringify(body) : "", body === null ? "GET" : "POST"] as const,
    );
    expect(answer.ok, `${path}: ${answer.text}`).toBe(true);
    expect(answer.text, path).not.toMatch(/token/i);
    expect(answer.cookie).toBe("");
  }
});

test("a person who is signed in already is led on", async ({ page, person }) => {
  await register(page, person);
  await page.goto("/login?next=/dashboard/settings");
  await expect(page).toHaveURL("/dashboard/settings");
  await page.goto("/register");
  await expectDashboard(page, person);
});

test("Back after signing in does not return to the form", async ({ page, person }) => {
  await register(page, person);
  await signOut(page);
  await page.goto("/");
  await page.getByRole("navigation").getByRole("link", { name: "Sign in" }).click();
  await signIn(page, person);
  await expectDashboard(page, person);
  await page.goBack();
  await expect(page).toHaveURL("/");
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "before hydration" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    for (const path of ["/login", "/register"]) {
      test(`${path} sends no password anywhere`, async ({ page, person, complaints }) => {
        complaints.expect(/ERR_FAILED .*\/_next\/static\//);
        await page.route("**/_next/static/**/*.js", (route) => route.abort());
        const sent: string[] = [];
        page.on("request", (request) => {
          if (request.isNavigationRequest()) sent.push(`${request.method()} ${request.url()}`);
        });
        await page.goto(path);
        await page.getByLabel("E-mail").fill(person.email);
        await page.getByLabel("Password").fill(person.password);

        const form = page.locator("form");
        await expect(form).toHaveAttribute("method", "post");
        await expect(form.getByRole("button", { name: /Sign in|Create account/ })).toBeDisabled();
        await page.getByLabel("Password").press("Enter");
        await page.getByRole("link", { name: product.name }).click();
        await expect(page).toHaveURL("/");
        expect(sent).toHaveLength(2); // This page and the one that the link leads to, and no form between them.
      });
    }
  });
}

test("the login page says that JavaScript is needed", async ({ page }) => {
  await page.goto("/login");
  // Playwright's browser keeps the content of noscript as text, whether JavaScript is on or off.
  expect(await page.locator("noscript").textContent()).toContain("JavaScript is needed to sign in.");
});
