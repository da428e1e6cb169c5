import { expect, register, test } from "./fixtures";

const background = () => getComputedStyle(document.body).backgroundColor;

for (const [colorScheme, other] of [
  ["light", "dark"],
  ["dark", "light"],
] as const) {
  test.describe(`where the system is ${colorScheme}`, () => {
    test.use({ colorScheme });

    test(`${other} can be chosen, and is there before the first paint`, async ({ page, context }) => {
      await page.goto("/");
      const bySystem = await page.evaluate(background);
      await page.getByRole("button", { name: "Switch between light and dark" }).click();
      const chosen = await page.evaluate(background);
      expect(chosen).not.toBe(bySystem);

      // The choice is on the document before the body is parsed, whatever React does later.
      await page.addInitScript(() => {
        new MutationObserver(() => {
          if (!document.body || "early" in window) return;
          Object.assign(window, { early: document.documentElement.dataset.theme ?? "none" });
        }).observe(document, { childList: true, subtree: true });
      });
      await page.goto("/login");
      expect(await page.evaluate("early")).toBe(other);
      expect(await page.evaluate(background)).toBe(chosen);

      const another = await context.newPage();
      await another.goto("/");
      await another.getByRole("button", { name: "Switch between light and dark" }).click();
      await expect(page.locator("html"), "the other tab follows").not.toHaveAttribute("data-theme");
      expect(await page.evaluate(background)).toBe(bySystem);
    });
  });
}

test("the settings show the choice, and can leave it to the system again", async ({ page, person }) => {
  await register(page, person);
  await page.goto("/dashboard/settings");
  await expect(page.getByRole("radio", { name: "As the system" })).toBeChecked();
  await page.getByRole("radio", { name: "Dark" }).check();
  await page.reload();
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("radio", { name: "As the system" }).check();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});

test.describe("for people who want less motion", () => {
  test.use({ contextOptions: { reducedMotion: "reduce" } });

  test("nothing moves", async ({ page }) => {
    await page.goto("/login");
    const durations = await page.evaluate(() =>
      [...document.querySelectorAll("*")].flatMap((element) => {
        const { animationDuration, transitionDuration } = getComputedStyle(element);
        return `${animationDuration},${transitionDuration}`.split(",").map(parseFloat);
      }),
    );
    expect(Math.max(...durations)).toBeLessThanOrEqual(0.001);
  });
});
