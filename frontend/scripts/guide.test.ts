// @vitest-environment node
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { stepsOf, taken } from "./guide.mjs";

const root = path.join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const { name } = JSON.parse(read("package.json")) as { name: string };
const steps = stepsOf(read("docs/make-it-yours.md"), name);
const files = [...new Set(steps.flatMap(({ file }) => file ?? []))];
const stepsIn = (file: string) => steps.filter((step) => step.file === file);
const before = (file: string) => (existsSync(path.join(root, file)) ? read(file) : undefined);

const advice =
  "docs/make-it-yours.md does not fit the project. Correct it; or once the project has grown away from it, delete it " +
  "with frontend/e2e/make-it-yours.spec.ts and frontend/scripts/guide.*";

test("the guide has steps", () => {
  expect(files.length).toBeGreaterThan(10);
});

test.each(files)("the guide's steps fit %s, whichever of them are taken", (file) => {
  const all = stepsIn(file);
  let text = before(file);
  let result = "";
  expect(() => (result = taken(text, all)), advice).not.toThrow();
  for (const i of all.keys()) {
    if (text !== result) text = taken(text, all.slice(0, i + 1)); // else all of them are taken
    expect(taken(text, all), `after ${i + 1} of its steps`).toBe(result);
  }
  expect(taken(result, all)).toBe(result);
});

test("what does not fit is named", () => {
  const step = { file: "x.go", isNew: false, text: " a\n+b\n c\n" };
  expect(taken("a\nc\n", [step])).toBe("a\nb\nc\n");
  expect(() => taken("a\nd\n", [step])).toThrow("x.go: this is there 0 times instead of once:\na\nc");
  expect(() => taken("a\nc\na\nc\n", [step])).toThrow("2 times");
  expect(() => taken("mine", [{ ...step, isNew: true }])).toThrow("x.go is there, with another text");
});
