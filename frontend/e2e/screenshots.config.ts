import { defineConfig } from "@playwright/test";
import config from "./playwright.config";

/** Takes the pictures of the README (make screenshots). It is no part of the tests. */
export default defineConfig(config, { testMatch: "screenshots.ts", workers: 1 });
