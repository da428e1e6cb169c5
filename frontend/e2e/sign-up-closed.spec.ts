import { expect, test } from "./fixtures";

test.use({ serverFlags: ["--signup", "closed"] });

test("sign-up says that it is closed", async ({ page, person, complaints }) => {
  complaints.expect(/status of 403 .*\/api\/auth\/register/);
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Sign-up is closed here.")).toBeVisible();
});
