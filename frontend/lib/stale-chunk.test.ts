// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { reloadPage } from "@/lib/navigation";
import { isMendedByReload, reloadForStaleChunk } from "@/lib/stale-chunk";

// jsdom does not navigate.
vi.mock("@/lib/navigation");

beforeEach(() => {
  vi.clearAllMocks();
  sessionStorage.clear();
});

const chunkLoadError = Object.assign(new Error("x"), { name: "ChunkLoadError" });

describe("a page whose code is stale", () => {
  it.each([
    [chunkLoadError, true],
    [new Error("Loading chunk 12 failed."), true],
    [new Error("Loading CSS chunk 12 failed."), true],
    [new Error("Failed to load chunk /_next/static/chunks/a.js from module 1"), true],
    [new Error("Cannot read properties of undefined"), false],
    [new TypeError("Failed to fetch"), false],
  ])("%s is mended by a reload: %s", (error, mended) => {
    expect(isMendedByReload(error)).toBe(mended);
  });

  it("is reloaded once, and then somebody has to look", () => {
    reloadForStaleChunk();
    expect(reloadPage).toHaveBeenCalledOnce();
    expect(isMendedByReload(chunkLoadError)).toBe(false);
  });

  it("is reloaded again at the next upgrade", () => {
    const now = vi.spyOn(Date, "now").mockReturnValue(1_000_000_000);
    reloadForStaleChunk();
    now.mockReturnValue(1_000_000_000 + 31_000);
    expect(isMendedByReload(chunkLoadError)).toBe(true);
  });

  it("is not reloaded by a browser that remembers nothing", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("refused", "SecurityError");
    });
    reloadForStaleChunk();
    expect(reloadPage).not.toHaveBeenCalled();
  });
});
