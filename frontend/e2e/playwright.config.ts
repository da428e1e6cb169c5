import { defineConfig } from "@playwright/test";
import type { ServerOptions } from "./fixtures";

const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to run as root with one.
const executablePath = process.env.CHROMIUM_PATH;

export default defineConfig<object, ServerOptions>({
  testDir: import.meta.dirname,
  outputDir: ".results",
  reporter: "list",
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  use: {
    browserName: "chromium",
    launchOptions: { args: [...quiet, ...sandbox], ...(executablePath && { executablePath }) },
    trace: { mode: "retain-on-failure", screenshots: false }, // Screenshots cost as much time as the tests.
  },
});
