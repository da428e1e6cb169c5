import path from "node:path";
import type { Page } from "@playwright/test";
import { expect, register, test } from "./fixtures";

const folder = path.join(import.meta.dirname, "..", "..", "docs", "images");
const person = { name: "Ada Lovelace", email: "ada@example.com", password: "quiet lantern over the gate" };

async function picture(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled" });
}

test("pictures of every kind of page", async ({ page }) => {
  await register(page, person);
  await expect(page.getByText("This session", { exact: true })).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, width] of Object.entries({ desktop: 1280, phone: 390 })) {
      await page.setViewportSize({ width, height: 800 });
      await picture(page, `dashboard-${size}-${colorScheme}`);
    }
  }
  await page.context().clearCookies();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, width] of Object.entries({ desktop: 1280, phone: 390 })) {
      await page.setViewportSize({ width, height: 800 });
      for (const [name, address] of Object.entries({ landing: "/", login: "/login" })) {
        await page.goto(address);
        await picture(page, `${name}-${size}-${colorScheme}`);
      }
    }
  }
});
