import { expect, expectDashboard, register, registerByForm, test } from "./fixtures";

test("registering leads to the dashboard, and a reload keeps it", async ({ page, person }) => {
  await registerByForm(page, person);
  await expect(page.getByText(person.email)).toBeVisible();
  await expect(page.getByText("This session", { exact: true })).toBeVisible();

  await page.reload();
  await expectDashboard(page, person);
});

test("the server's faults stand under their fields", async ({ page, person, complaints }) => {
  complaints.expect(/status of 422 .*\/api\/auth\/register/);
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Create account" }).click();

  const password = page.getByLabel("Password");
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(password).toBeFocused();
  await expect(password).toHaveAccessibleDescription(/At least 8 characters\..+ 8 /);
  await expect(page).toHaveURL("/register");
});

test("an address that is taken is said under the address", async ({ page, browser, baseURL, person, complaints }) => {
  complaints.expect(/status of 409 .*\/api\/auth\/register/);
  const elsewhere = await browser.newPage({ baseURL: baseURL! });
  await register(elsewhere, person);
  await elsewhere.close();

  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email.toUpperCase());
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  await expect(page).toHaveURL("/register");
});

test("a wish for another page survives the way from sign-in to sign-up", async ({ page, person }) => {
  await page.goto("/dashboard/settings");
  await page.getByRole("link", { name: "Create one" }).click();
  await expect(page).toHaveURL("/register?next=%2Fdashboard%2Fsettings");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL("/dashboard/settings");
});
