import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../node_modules/.vite",
  resolve: { alias: { "@": import.meta.dirname } },
  test: {
    include: ["{app,components,features,lib,scripts}/**/*.test.{ts,tsx}"],
    setupFiles: ["lib/api/fake-server.ts", "lib/test-patience.ts"],
    testTimeout: 60_000,
    restoreMocks: true,
  },
});
