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
