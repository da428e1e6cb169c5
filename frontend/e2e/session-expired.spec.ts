import { expect, register, test } from "./fixtures";

test.use({ serverFlags: ["--session-idle", "2s", "--access-ttl", "1s"] });

test("the sign-in page says that a session has expired", async ({ page, person }) => {
  await register(page, person);
  await page.goto("about:blank"); // Nothing uses the session.
  await expect(async () => {
    const session = await page.request.get("/api/auth/session");
    expect(await session.json()).toEqual({ authenticated: false, reason: "session_expired" });
  }).toPass({ intervals: [3_000] });
  await page.goto("/dashboard/settings");
  await expect(page).toHaveURL("/login?next=%2Fdashboard%2Fsettings");
  await expect(page.getByText("Your session has expired")).toBeVisible();
});
