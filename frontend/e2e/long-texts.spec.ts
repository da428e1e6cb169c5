import type { Page } from "@playwright/test";
import { expect, register, test } from "./fixtures";

/** As long as allowed, and with nothing where a line could break. */
const names = { Latin: "W".repeat(100), Devanagari: "\u0915\u094d".repeat(49) + "\u0915" };
const labels = Array.from({ length: 3 }, () => "m".repeat(61)).join(".");
const ipv6 = "2001:db8:85a3:8d3:1319:8a2e:370:7348";

/** Both the page and everything on it: what sticks out may be cut off where it cannot be scrolled to. */
async function expectToFit(page: Page, width: number): Promise<void> {
  const wide = await page.evaluate((width) => {
    const sticksOut = (element: Element) => {
      const { left, right } = element.getBoundingClientRect();
      return right > left && (right > width + 0.5 || left < -0.5);
    };
    const all = [...document.querySelectorAll("body *")].filter(
      (element) => sticksOut(element) && !element.closest(".sr-only, svg"),
    );
    return {
      page: document.documentElement.scrollWidth,
      elements: all.map((element) => element.outerHTML.slice(0, 120)),
    };
  }, width);
  expect(wide, `what is wider than ${width} pixels at ${page.url()}`).toEqual({ page: width, elements: [] });
}

for (const [script, name] of Object.entries(names)) {
  test(`the longest texts fit every page, with a name in ${script}`, async ({ page, person }) => {
    const longest = { ...person, name, email: `${person.email.slice(0, 12).padEnd(64, "m")}@${labels}.io` };
    await register(page, longest);
    for (const userAgent of ["X".repeat(500), "W".repeat(250)]) {
      const headers = { "User-Agent": userAgent, Cookie: "" };
      const login = { email: longest.email, password: person.password, tokenDelivery: "body" };
      expect((await page.request.post("/api/auth/login", { data: login, headers })).status()).toBe(200);
    }
    // No browser here has an address as long as that, and nothing has been stolen.
    await page.route("**/api/user/events", async (route) => {
      const response = await route.fetch();
      const { events } = (await response.json()) as { events: object[] };
      const stolen = { event: "refresh_replay", outcome: "failure", alert: true, userAgent: "X".repeat(500) };
      await route.fulfill({ json: { events: [{ ...events[0], ...stolen, id: "1000000", ip: ipv6 }, ...events] } });
    });
    await page.route("**/api/user/sessions", async (route) => {
      const response = await route.fetch();
      const { sessions } = (await response.json()) as { sessions: object[] };
      await route.fulfill({ json: { sessions: sessions.map((session) => ({ ...session, ip: ipv6 })) } });
    });
    for (const path of ["/dashboard", "/dashboard/settings", "/dashboard/settings/security"]) {
      await page.goto(path);
      await expect(page.getByText("Somebody else may have used one of your sessions")).toBeVisible();
      await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveCount(0);
      for (const width of [320, 390, 768, 1280, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await expectToFit(page, width);
      }
    }
  });
}
