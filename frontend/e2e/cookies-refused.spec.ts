import { chromium } from "@playwright/test";
import { expect, test } from "./fixtures";
import { startServer } from "./server";

test("the page explains when the browser refuses the cookies, and what to do", async ({ launchOptions, person }) => {
  // An https site that somebody opens over plain http, where browsers refuse cookies that are Secure.
  const server = await startServer(["--origin", "https://app.test"]);
  const browser = await chromium.launch({
    ...launchOptions,
    args: [...(launchOptions.args ?? []), `--host-resolver-rules=MAP app.test:80 ${new URL(server.origin).host}`],
  });
  try {
    const page = await browser.newPage({ baseURL: "http://app.test" });
    await page.goto("/register");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Create account" }).click();
    const refusal = page.getByRole("heading", { name: "Your browser did not keep you signed in" });
    await expect(refusal).toBeFocused();
    await expect(page.getByText("https://app.test", { exact: true })).toBeVisible();

    // The account exists. Only the session failed, and signing in says the same.
    await page.goto("/login");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByLabel("Password").press("Enter");
    await expect(refusal).toBeVisible();
    await expect(page).toHaveURL("/login");
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
  } finally {
    await browser.close();
    await server.stop();
  }
});
