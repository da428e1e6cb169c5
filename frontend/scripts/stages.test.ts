import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const stages = path.join(import.meta.dirname, "..", "..", ".ci", "stages");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "lychgate-stages-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the stages with a make that fails in some, and returns what it says of each at the end. */
function run(failing: string[]): { status: number | null; summary: string[] } {
  const make = path.join(folder, "make");
  const failed = failing.map((stage) => `[ "$2" != ${stage} ] || exit 2`);
  writeFileSync(make, ["#!/bin/sh", `echo "$2 runs"`, ...failed].join("\n"));
  chmodSync(make, 0o755);
  const { status, stdout } = spawnSync(stages, { encoding: "utf8", env: { ...process.env, MAKE: make } });
  const all = stdout.split("\n");
  const ran = all.filter((line) => line.endsWith(" runs")).map((line) => line.split(" ")[0]);
  const summary = all.slice(all.findIndex((line) => line.includes("== ")) + 1).filter(Boolean);
  expect(summary.filter((line) => !line.includes("left out")).map((line) => line.split(" ")[0])).toEqual(ran);
  return { status, summary: summary.map((line) => line.replace(/ +\d+ s /, "").replace(/ +/g, " ")) };
}

test("every stage runs, and is listed", () => {
  expect(run([])).toEqual({
    status: 0,
    summary: ["build passed", "lint passed", "test-go passed", "test-frontend passed", "test-browser passed"],
  });
});

test("a stage that fails stops no other", () => {
  expect(run(["lint", "test-go"])).toEqual({
    status: 1,
    summary: [
      "build passed",
      "lint FAILED; to repeat it: make lint",
      "test-go FAILED; to repeat it: make test-go",
      "test-frontend passed",
      "test-browser passed",
    ],
  });
});

test("without a build, what needs it is left out", () => {
  expect(run(["build"])).toEqual({
    status: 1,
    summary: [
      "build FAILED; to repeat it: make build",
      "lint passed",
      "test-go left out: it needs the build",
      "test-frontend passed",
      "test-browser left out: it needs the build",
    ],
  });
});
