import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { NextConfig } from "next";

/**
 * A hash of the sources, so that two builds of the same sources are the same byte for byte. An open tab compares it with
 * the build id of each payload, and reloads the page when the site has been upgraded meanwhile.
 */
function buildId(): string {
  const hash = createHash("sha256");
  const folders = ["app", "components", "features", "lib", "public"];
  const sources = folders.flatMap((folder) =>
    readdirSync(path.join(import.meta.dirname, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(import.meta.dirname, path.join(entry.parentPath, entry.name))),
  );
  for (const source of [...sources.sort(), "next.config.ts", "../package-lock.json"]) {
    hash.update(`${source.replaceAll(path.sep, "/")}\0`).update(readFileSync(path.join(import.meta.dirname, source)));
  }
  return hash.digest("hex").slice(0, 16);
}

const config: NextConfig = {
  output: "export",
  // Otherwise Next would take a folder above the checkout for the root if it holds a lockfile.
  turbopack: { root: path.join(import.meta.dirname, "..") },
  // Without this the export holds addresses of an image server that does not exist.
  images: { unoptimized: true },
  generateBuildId: buildId,
  // Otherwise `next dev` answers at localhost only.
  allowedDevOrigins: ["127.0.0.1"],
};

export default config;
