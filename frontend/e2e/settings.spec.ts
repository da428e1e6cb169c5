import { expect, expectDashboard, register, signIn, signOut, test } from "./fixtures";

test("a name can be changed", async ({ page, person }) => {
  await register(page, person);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Name").fill("Grace Hopper");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Your name is saved.")).toBeVisible();

  await page.getByRole("link", { name: "Dashboard" }).click();
  await expectDashboard(page, { ...person, name: "Grace Hopper" });
  await page.reload();
  await expectDashboard(page, { ...person, name: "Grace Hopper" });
});

test("a password can be changed with the current one", async ({ page, person, complaints }) => {
  complaints.expect(/status of 401 .*\/api\/(user\/password|auth\/login)/);
  const password = `${person.password} again`;
  await register(page, person);
  await page.getByRole("link", { name: "Security" }).click();

  await page.getByLabel("Current password").fill("not the one at all");
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Current password")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Current password")).toHaveAccessibleDescription("The current password is not right.");
  await expect(page.getByText(/e-mail address or/i)).toHaveCount(0);
  await expect(page).toHaveURL("/dashboard/settings/security");

  await page.getByLabel("Current password").fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await expect(page.getByLabel("New password")).toHaveValue("");

  await signOut(page);
  await signIn(page, person);
  await expect(page.getByRole("alert").filter({ hasText: /\S/ })).toBeVisible();
  await signIn(page, { ...person, password });
  await expectDashboard(page, person);
});

test("the current password is no new one", async ({ page, person, complaints }) => {
  complaints.expect(/status of 422 .*\/api\/user\/password/);
  await register(page, person);
  await page.goto("/dashboard/settings/security");
  await page.getByLabel("Current password").fill(person.password);
  await page.getByLabel("New password").fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("New password")).toHaveAccessibleDescription(
    "Choose a password that differs from the current one.",
  );
  await expect(page.getByText("Your password is changed.")).toHaveCount(0);
});

test.describe("in a German browser", () => {
  test.use({ locale: "de-DE" });

  test("dates are in the language of the page", async ({ page, person }) => {
    await register(page, person);
    const month = new Date().toLocaleDateString("en", { month: "long" });
    const shortMonth = new Date().toLocaleDateString("en", { month: "short" });
    await expect(
      page
        .getByRole("definition")
        .filter({ hasText: new RegExp(`^${month} \\d+, \\d+$`) })
        .first(),
    ).toBeVisible();
    await expect(page.getByText(new RegExp(`since ${shortMonth} \\d+, \\d+`))).toBeVisible();
    await page.goto("/dashboard/settings/security");
    await expect(
      page
        .getByRole("list", { name: "Events" })
        .getByText(new RegExp(`^${shortMonth} \\d+, \\d+`))
        .first(),
    ).toBeVisible();
  });
});
