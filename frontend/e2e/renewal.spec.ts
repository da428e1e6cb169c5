import type { BrowserContext } from "@playwright/test";
import { expect, expectDashboard, register, test } from "./fixtures";

test.use({ serverFlags: ["--access-ttl", "2s"] });

async function accessToken(context: BrowserContext): Promise<string | undefined> {
  const cookies = await context.cookies();
  return cookies.find((cookie) => cookie.name === "accessToken")?.value;
}

test("a person who browses on after the access token has expired notices nothing", async ({
  page,
  context,
  person,
}) => {
  const visited: string[] = [];
  page.on("framenavigated", (frame) => visited.push(new URL(frame.url()).pathname));
  await register(page, person);
  const first = await accessToken(context);
  expect(first).toBeDefined();

  // The server refreshes the session in passing, once the access token has expired.
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(async () => {
    await page.getByLabel("Name").fill(`${person.name} the ${Date.now()}th`);
    await page.getByRole("button", { name: "Save name" }).click();
    await expect(page.getByText("Your name is saved.")).toBeVisible();
    expect(await accessToken(context)).not.toBe(first);
  }).toPass({ timeout: 45_000 });

  await page.getByLabel("Name").fill(person.name);
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Your name is saved.")).toBeVisible();
  const second = await accessToken(context);
  await expect(async () => {
    await page.goto("/dashboard");
    await expectDashboard(page, person);
    expect(await accessToken(context)).not.toBe(second);
  }).toPass({ timeout: 45_000 });

  expect(visited).not.toContain("/login");
});
