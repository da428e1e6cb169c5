import type { Locator, Page } from "@playwright/test";
import { expect, expectDashboard, signInElsewhere, test } from "./fixtures";

/**
 * Changes a page as a browser does that translates it: it replaces each text node with elements that hold the text, also
 * those that come later. The text itself stays, so that the tests can read it. It begins once something is there that
 * only React renders, because no browser translates a page before it has loaded.
 */
async function translate(page: Page, hydrated: Locator): Promise<void> {
  await expect(hydrated).toBeVisible();
  await page.evaluate(() => {
    const isDone = (text: Text) => text.parentElement?.closest("font, script, style, noscript, textarea");
    const translateAll = () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) texts.push(walker.currentNode as Text);
      for (const text of texts.filter((text) => text.data !== "" && !isDone(text))) {
        const outer = document.createElement("font");
        outer.appendChild(document.createElement("font")).textContent = text.data;
        text.replaceWith(outer);
      }
    };
    translateAll();
    const later = { childList: true, characterData: true, subtree: true };
    new MutationObserver(translateAll).observe(document.body, later);
  });
  await expect(page.locator("font").first()).toBeAttached();
}

const submit = (page: Page) => page.locator("button[type=submit]:enabled");

test("a translated sign-up page works", async ({ page, person, complaints }) => {
  complaints.expect(/status of (409|422) /);
  await page.goto("/register");
  await translate(page, submit(page));
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Enter your e-mail address.")).toBeVisible();
  await expect(page.getByText("Enter your password.")).toBeVisible();
  await page.getByLabel("E-mail").fill("nowhere");
  await expect(page.getByText("An e-mail address has an @ in it.")).toBeVisible();
  await expect(page.getByText("Enter your e-mail address.")).toHaveCount(0);
  await page.getByLabel("E-mail").fill(person.email);
  await expect(page.getByText("An e-mail address has an @ in it.")).toHaveCount(0);

  await page.getByLabel("Password").fill("abc");
  await expect(page.getByText(/^Strength: Very easy to guess/)).toBeVisible();
  await page.getByLabel("Password").fill("quiet lantern over the mossy gate");
  await expect(page.getByText("Strength: Very hard to guess.")).toBeVisible();
  await page.getByRole("button", { name: "Show password" }).click();
  await page.getByRole("button", { name: "Hide password" }).click();
  await page.getByLabel("Password").fill("");
  await expect(page.getByText(/^Strength/)).toHaveCount(0);
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Use at least 8 characters.")).toBeVisible();

  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expectDashboard(page, person);
});

test("a translated sign-in page works", async ({ page, person, complaints }) => {
  complaints.expect(/status of (401|429|503) /);
  expect((await page.request.post("/api/auth/register", { data: person })).status()).toBe(201);
  await page.context().clearCookies();
  await page.goto("/login");
  await translate(page, submit(page));
  const alert = page.getByRole("alert");
  const attempt = async (password: string) => {
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Password").press("Enter");
  };
  for (const wrong of ["not the one", "not that one either"]) {
    await attempt(wrong);
    await expect(alert.filter({ hasText: "The e-mail address or the password is not right." })).toBeVisible();
  }
  await page.getByLabel("Password").fill("");
  await page.getByLabel("Password").press("Enter");
  await expect(page.getByText("Enter your password.")).toBeVisible();
  await expect(alert.filter({ hasText: /\S/ })).toHaveCount(0);

  // A refusal that counts down to its end.
  const refusal = { type: "about:blank", title: "Busy", status: 429, code: "rate_limited", detail: "Slow down." };
  await page.route("**/api/auth/login", (route) =>
    route.fulfill({
      status: 429,
      headers: { "Retry-After": "3" },
      contentType: "application/problem+json",
      json: refusal,
    }),
  );
  await attempt("not the one");
  await expect(page.getByText("Too many attempts. Try again in 2 seconds.")).toBeVisible();
  await expect(page.getByText("Too many attempts. Try again in 1 second.")).toBeVisible();
  await expect(page.getByText("Too many attempts. You can try again now.")).toBeVisible();
  await page.unroute("**/api/auth/login");
  await attempt(person.password);
  await expectDashboard(page, person);
});

test("translated pages of an account work", async ({ page, browser, baseURL, person, complaints }) => {
  complaints.expect(/status of (401|503) |ERR_FAILED/);
  expect((await page.request.post("/api/auth/register", { data: person })).status()).toBe(201);
  for (const userAgent of ["curl/8.9.1", "Wget/1.25"]) {
    await (await signInElsewhere(browser, baseURL, person, userAgent)).close();
  }
  await page.goto("/dashboard");
  await expectDashboard(page, person);
  await translate(page, page.getByText("Here, and 2 more"));
  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await page.route("**/api/user/sessions/*", (route) => route.abort());
  await sessions.filter({ hasText: "curl" }).getByRole("button", { name: "End session" }).click();
  await expect(page.getByText("The session has not been ended. The server could not be reached.")).toBeVisible();
  await page.unroute("**/api/user/sessions/*");
  await sessions.filter({ hasText: "curl" }).getByRole("button", { name: "End session" }).click();
  await expect(page.getByText("The session has ended.")).toBeVisible();
  await expect(page.getByText("Here, and 1 more")).toBeVisible();
  await page.getByRole("button", { name: "Switch between light and dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", /./);

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("radio", { name: "Dark" }).check();
  for (const name of ["Grace Hopper", "Grace Brewster Hopper"]) {
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Save name" }).click();
    await expect(page.getByText("Your name is saved.")).toBeVisible();
    await page.getByRole("link", { name: "Dashboard" }).click();
    await expectDashboard(page, { ...person, name });
    await page.getByRole("link", { name: "Settings" }).click();
  }

  await page.getByRole("link", { name: "Security" }).click();
  await page.getByLabel("Current password").fill("not the one");
  await page.getByLabel("New password").fill(`${person.password} again`);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Current password")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Current password").fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await expect(page.getByText("You are not signed in anywhere else.")).toBeVisible();
  await expect(page.getByText("Password changed", { exact: true })).toBeVisible();

  // What is loaded again after a failure.
  await page.route("**/api/user/events", (route) => route.abort());
  await page.reload();
  await translate(page, page.getByText("The server could not be reached. Try again in a moment.").first());
  await page.unroute("**/api/user/events");
  await page.getByRole("button", { name: "Try again" }).first().click();
  await expect(page.getByText("Account created")).toBeVisible();

  await page.route("**/api/auth/logout", (route) => route.abort());
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByText("You are still signed in: the server did not answer. Try again.")).toBeVisible();
  await page.unroute("**/api/auth/logout");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL("/login");
});

test("a translated start page and its theme work", async ({ page, context, person }) => {
  await page.goto("/");
  await translate(page, page.getByRole("link", { name: "Create an account" }));
  await expect(page.getByRole("navigation").getByRole("link", { name: "Sign in" })).toBeVisible();
  await page.getByRole("button", { name: "Switch between light and dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  // Signing in in another tab changes the links of this one.
  const other = await context.newPage();
  await other.goto("/register");
  await translate(other, submit(other));
  await other.getByLabel("E-mail").fill(person.email);
  await other.getByLabel("Password").fill(person.password);
  await submit(other).click();
  await expect(page.getByRole("link", { name: "Continue where you left off" })).toBeVisible();
  await expect(page.getByRole("navigation").getByRole("link", { name: "Dashboard" })).toBeVisible();
});

test("a translated page says what is in the way", async ({ page, person }) => {
  await page.goto("/login");
  await translate(page, submit(page));
  await page.route("**/api/auth/session", (route) =>
    route.fulfill({ json: { authenticated: false, reason: "duplicate_cookies" } }),
  );
  expect((await page.request.post("/api/auth/register", { data: person })).status()).toBe(201);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await submit(page).click();
  await expect(page.getByRole("heading", { name: "Another program’s cookie is in the way" })).toBeVisible();
});
