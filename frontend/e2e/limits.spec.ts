import { expect, signIn, test } from "./fixtures";

test.use({ serverFlags: ["--login-attempts", "2/h"] });

test("too many attempts say when to try again", async ({ page, person, complaints }) => {
  complaints.expect(/status of (401|429) .*\/api\/auth\/login/);
  await page.goto("/login");
  const attempt = { email: person.email, password: "not the one at all" };
  await expect(async () => {
    await signIn(page, attempt);
    await expect(page.getByText(/^Too many attempts\. Try again in \d+ seconds?\.$/)).toBeVisible({ timeout: 2_000 });
  }).toPass();
});
