import { expect, register, signInElsewhere, test } from "./fixtures";

test("a session can be revoked from another one, and its page leads to the login page", async ({
  page,
  browser,
  baseURL,
  person,
  complaints,
}) => {
  complaints.expect(/status of 401/);
  await register(page, person);
  const phone = await signInElsewhere(browser, baseURL, person, "curl/8.9.1");

  await page.reload();
  const sessions = page.getByRole("list", { name: "Sessions" });
  await sessions.getByRole("listitem").filter({ hasText: "curl" }).getByRole("button", { name: "End session" }).click();
  await expect(page.getByText("The session has ended.")).toBeVisible();
  await expect(sessions.getByRole("listitem")).toHaveCount(1);
  await expect(sessions, "the focus is not lost with the button").toBeFocused();
  await expect(page.getByText("Here, and nowhere else")).toBeVisible();

  await phone.reload();
  await expect(phone).toHaveURL("/login?next=%2Fdashboard");
  await phone.close();
});
