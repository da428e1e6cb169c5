import type { Locator } from "@playwright/test";
import { product } from "../lib/product";
import { expect, register, test } from "./fixtures";

async function box(locator: Locator) {
  await expect(locator).toBeVisible();
  return (await locator.boundingBox())!;
}

for (const width of [320, 390, 768, 1280, 1440]) {
  test(`headings begin where the logo does, and the header ends as far from the edge, at ${width} pixels`, async ({
    page,
    person,
    complaints,
  }) => {
    complaints.expect(/status of 404/);
    await page.setViewportSize({ width, height: 900 });
    const expectAligned = async (path: string) => {
      await page.goto(path);
      const logo = await box(page.locator("header").getByRole("link", { name: product.name }));
      const heading = await box(page.getByRole("heading", { level: 1 }));
      expect(heading.x, path).toBeCloseTo(logo.x, 0);
      return logo;
    };
    for (const path of ["/", "/login", "/register", "/no/such/page"]) {
      const logo = await expectAligned(path);
      const icon = await box(
        page.getByRole("button", { name: "Switch between light and dark" }).locator("svg:visible"),
      );
      expect(width - icon.x - icon.width, path).toBeCloseTo(logo.x, 0);
    }
    await register(page, person);
    for (const path of ["/dashboard", "/dashboard/settings", "/dashboard/settings/security"]) await expectAligned(path);
  });
}

test("the header is one line on the narrowest phones", async ({ page, person, complaints }) => {
  complaints.expect(/status of 404/);
  await register(page, person);
  for (const width of [320, 305]) {
    // 305 is what a scroll bar leaves of 320.
    await page.setViewportSize({ width, height: 800 });
    for (const [path, last] of [
      ["/dashboard", page.getByRole("button", { name: "Sign out", exact: true })],
      ["/", page.locator("header").getByRole("link", { name: "Dashboard" })],
      ["/no/such/page", page.locator("header").getByRole("link", { name: "Dashboard" })],
    ] as const) {
      await page.goto(path);
      const middle = ({ y, height }: { y: number; height: number }) => y + height / 2;
      const logo = await box(page.locator("header").getByRole("link", { name: product.name }));
      const toggle = page.getByRole("button", { name: "Switch between light and dark" });
      for (const beside of [last, toggle]) expect(middle(await box(beside)), path).toBeCloseTo(middle(logo), 0);

      // A long name of a product is cut, and moves nothing.
      const name = page.locator("header").getByText(product.name);
      await name.evaluate((element) => (element.textContent = "The Extraordinarily Long Name Company"));
      for (const beside of [last, toggle]) expect(middle(await box(beside)), path).toBeCloseTo(middle(logo), 0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(width);
    }
  }
});

test("a button shows a spinner in place of its words while a form is being sent", async ({ page, person }) => {
  await register(page, person);
  await page.goto("/dashboard/settings");
  const button = page.getByRole("button", { name: "Save name" });
  const idle = await box(button);
  await page.route("**/api/user/profile", () => {}); // No answer comes.
  await button.click();
  await expect(button.getByText("Save name")).toHaveCSS("opacity", "0");
  expect(await box(button), "it keeps its size").toEqual(idle);
  const spinner = await box(button.locator("svg"));
  expect(spinner.x + spinner.width / 2).toBeCloseTo(idle.x + idle.width / 2, 0);
});

test("a field with a fault keeps its colour when it has the focus", async ({ page }) => {
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in" }).click();
  const field = page.getByLabel("E-mail");
  await expect(field).toBeFocused();
  const [border, ring] = await field.evaluate((input) => {
    const { borderColor, outlineColor } = getComputedStyle(input);
    return [borderColor, outlineColor];
  });
  expect(ring).toBe(border);
});

test("the choices of a theme take one line each, with whole icons", async ({ page, person }) => {
  await register(page, person);
  await page.goto("/dashboard/settings");
  for (const width of [320, 390, 640, 768, 1024, 1280, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const choices = page.getByRole("group").locator("label");
    await expect(choices).toHaveCount(3);
    for (const choice of await choices.all()) {
      expect((await box(choice.locator("span"))).height, `${width} pixels`).toBeLessThan(30);
      const icon = await box(choice.locator("svg"));
      expect([icon.width, icon.height], `${width} pixels`).toEqual([20, 20]);
    }
  }
});

test("a page that is not there leads people who are signed in back to their dashboard", async ({
  page,
  person,
  complaints,
}) => {
  complaints.expect(/status of 404/);
  await page.goto("/no/such/page");
  await expect(page.getByRole("link", { name: "Go to the start page" })).toBeVisible();
  await expect(page.getByRole("link", { name: /dashboard/i })).toHaveCount(0);
  await register(page, person);
  for (const path of ["/no/such/page", "/dashboard/no/such/page"]) {
    await page.goto(path);
    await page.getByRole("link", { name: "Go to your dashboard" }).click();
    await expect(page).toHaveURL("/dashboard");
  }
});

test("the page on the way from another site is as dark as the system", async ({ page }) => {
  const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document" };
  const response = await page.request.get("/dashboard", { headers, maxRedirects: 0 });
  const { refresh, ...stays } = response.headers(); // It would lead on before anybody can look.
  expect(refresh).toBe("0");
  await page.route("**/dashboard", async (route) => route.fulfill({ headers: stays, body: await response.body() }));
  await page.goto("/dashboard");
  await expect(page.getByRole("link", { name: "Continue" })).toBeVisible();
  await expect(page.locator("html")).toHaveCSS("color-scheme", "light dark");
});

test("the skip link has room around its words", async ({ page }) => {
  await page.goto("/login");
  await page.keyboard.press("Tab");
  const link = page.getByRole("link", { name: "Skip to content" });
  await expect(link).toBeFocused();
  expect((await box(link)).height).toBeGreaterThanOrEqual(44);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`where the system is ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("the place of what is loading can be seen", async ({ page, person }) => {
      await register(page, person);
      await page.route("**/api/user/**", () => {}); // No answer comes.
      await page.goto("/dashboard");
      const loading = page.getByRole("status").filter({ hasText: "Loading" }).first();
      await expect(loading).toBeAttached();
      const contrast = await loading.evaluate((status) => {
        const luminance = (element: Element) => {
          const context = document.createElement("canvas").getContext("2d")!;
          context.fillStyle = getComputedStyle(element).backgroundColor;
          context.fillRect(0, 0, 1, 1);
          const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
        };
        const [bar, card] = [
          luminance(status.querySelector("[aria-hidden] > div")!),
          luminance(status.closest("section")!),
        ];
        return (Math.max(bar, card) + 0.05) / (Math.min(bar, card) + 0.05);
      });
      expect(contrast).toBeGreaterThan(1.4);
    });
  });
}
