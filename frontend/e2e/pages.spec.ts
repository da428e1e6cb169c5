import { expect, test } from "./fixtures";

test("the start page loads its parts and leads to sign-up", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "How it works" }).click();
  await expect(page.getByRole("heading", { name: "A closed gate" })).toBeVisible();
  await page.getByRole("link", { name: "Create an account" }).click();
  await expect(page).toHaveURL("/register");
});

test("an unknown address gives the site's own page, with status 404", async ({ page, complaints }) => {
  complaints.expect(/status of 404 .*\/no\/such\/page/);
  const response = await page.goto("/no/such/page");
  expect(response?.status()).toBe(404);
  await page.getByRole("link", { name: "To the start page" }).click();
  await expect(page).toHaveURL("/");
});

test("code that cannot be loaded any more shows a button that reloads", async ({ page, complaints }) => {
  complaints.expect(/ERR_FAILED|ChunkLoadError|Failed to load chunk/);
  const lazyChunks = "**/_next/static/chunks/*.js";
  await page.goto("/");
  await expect(page.getByRole("button", { name: "How it works" })).toBeEnabled();
  await page.route(lazyChunks, (route) => route.abort());
  await page.getByRole("button", { name: "How it works" }).click();
  await expect(page.getByRole("heading", { name: "Something went wrong" })).toBeVisible();

  await page.unroute(lazyChunks);
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("heading", { name: "A quiet gate before your pages" })).toBeVisible();
});
