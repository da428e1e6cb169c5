import path from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
  output: "export",
  // With another lockfile above the checkout, Next would take that folder for the root.
  turbopack: { root: path.join(import.meta.dirname, "..") },
  // Without this the export holds addresses of an image server that does not exist.
  images: { unoptimized: true },
  // Fixed, so that two builds of one source are the same byte for byte.
  generateBuildId: () => "lychgate",
  // `next dev` answers at localhost only, unless told.
  allowedDevOrigins: ["127.0.0.1"],
};

export default config;
