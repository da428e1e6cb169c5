import { expect, expectDashboard, register, registerByForm, signIn, signOut, test } from "./fixtures";

test("registering leads to the dashboard, and a reload keeps it", async ({ page, person }) => {
  await registerByForm(page, person);
  await expect(page.getByText(person.email)).toBeVisible();
  await expect(page.getByText("This session", { exact: true })).toBeVisible();

  await page.reload();
  await expectDashboard(page, person);
});

test("what the server refuses is shown under its field", async ({ page, person, complaints }) => {
  complaints.expect(/status of 422 .*\/api\/auth\/register/);
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Create account" }).click();

  const password = page.getByLabel("Password");
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(password).toBeFocused();
  await expect(password).toHaveAccessibleDescription("Use at least 8 characters.");
  await expect(page).toHaveURL("/register");
});

test("invisible characters are dropped around an address, and refused within it", async ({
  page,
  person,
  complaints,
}) => {
  complaints.expect(/status of 422 .*\/api\/auth\/register/);
  await page.goto("/register");
  await page.getByLabel("Name").fill("\u3164");
  await page.getByLabel("E-mail").fill(person.email.replace("-", "\u200b-"));
  await page.getByLabel("Password").fill("aaaaaaaaaaaa");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("There is an invisible character in this address. Type it by hand.")).toBeVisible();
  await expect(
    page.getByText("This name has no visible characters. Enter another one, or leave it empty."),
  ).toBeVisible();
  await expect(page.getByText("Use more than one or two different characters.")).toBeVisible();

  await page.getByLabel("Name").fill(`\u202a${person.name}\u202c`);
  await page.getByLabel("E-mail").fill(`\ufeff\u200b${person.email}\u2060`);
  await page.getByLabel("Password").fill(`${person.password} n\u0303`);
  await page.getByRole("button", { name: "Create account" }).click();
  await expectDashboard(page, person);
  await expect(page.getByText(person.email, { exact: true })).toBeVisible();

  await signOut(page);
  await signIn(page, { email: person.email, password: `${person.password} \u00f1` });
  await expectDashboard(page, person);
});

test("an address that is taken is reported under its field", async ({ page, browser, baseURL, person, complaints }) => {
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

test("the return path survives the way from sign-in to sign-up", async ({ page, person }) => {
  await page.goto("/dashboard/settings");
  await page.getByRole("link", { name: "Create one" }).click();
  await expect(page).toHaveURL("/register?next=%2Fdashboard%2Fsettings");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL("/dashboard/settings");
});
