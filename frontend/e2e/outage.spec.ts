import { expect, expectDashboard, register, test } from "./fixtures";

for (const path of ["/dashboard", "/dashboard/settings", "/dashboard/settings/security"]) {
  test(`${path} says once that the server cannot be reached, and tries all again`, async ({
    page,
    person,
    complaints,
  }) => {
    complaints.expect(/ERR_FAILED/);
    await register(page, person);
    await page.route("**/api/**", (route) => route.abort());
    await page.goto(path);
    const message = page.getByText("The server could not be reached.");
    await expect(page.getByText("This could not be loaded.").first()).toBeVisible();
    await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveCount(0);
    await expect(message).toHaveCount(1);
    await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(1);

    await page.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.locator("#content"), "the focus is not lost with the button").toBeFocused();
    await expect(page.getByText("This could not be loaded.")).toHaveCount(0);
    await expect(message).toHaveCount(0);
    if (path === "/dashboard") await expectDashboard(page, person);
  });
}
