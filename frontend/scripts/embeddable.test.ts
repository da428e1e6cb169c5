import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = path.join(import.meta.dirname, "embeddable.mjs");

let out = "";
beforeEach(() => {
  out = mkdtempSync(path.join(tmpdir(), "lychgate-out-"));
});
afterEach(() => rmSync(out, { recursive: true }));

function check(): { status: number | null; words: string } {
  const { status, stderr } = spawnSync(process.execPath, [script, out], { encoding: "utf8" });
  return { status, words: stderr };
}

function put(name: string | Buffer) {
  const file = Buffer.concat([Buffer.from(`${out}/`), Buffer.from(name)]);
  mkdirSync(path.dirname(file.toString()), { recursive: true });
  writeFileSync(file, "x");
}

test("what a build makes can be embedded", () => {
  for (const name of [
    "index.html",
    "_next/static/chunks/(shop)/[slug]/@side/page-1f.js",
    "dashboard/__next.!KGFwcCk.dashboard.__PAGE__.txt",
    "__next.$d$slug.txt",
    ".well-known/security.txt",
    "a b, c+d=e&f#g~1{h}^i.txt",
    "-x.txt",
    "héllo/日本.html",
    "console.js",
    "aux-1.js",
    "100%.html",
  ])
    put(name);
  expect(check()).toEqual({ status: 0, words: "" });
});

test.each([
  ["it's.html", `the character "'" is not allowed`],
  ["it's/page.html", `the character "'" is not allowed`],
  [".it's", `the character "'" is not allowed`],
  ['say "hi".txt', String.raw`the character "\"" is not allowed`],
  ["a*b.txt", `the character "*" is not allowed`],
  ["a<b.txt", `the character "<" is not allowed`],
  ["a>b.txt", `the character ">" is not allowed`],
  ["what?.html", `the character "?" is not allowed`],
  ["a|b.txt", `the character "|" is not allowed`],
  ["12:30.txt", `the character ":" is not allowed`],
  ["a\\b.txt", String.raw`the character "\\" is not allowed`],
  ["a`b.txt", 'the character "`" is not allowed'],
  ["a;b.txt", `the character ";" is not allowed`],
  ["a\nb.txt", String.raw`the character "\n" is not allowed`],
  ["party 🎉.html", `the character "🎉" is not allowed`],
  ["dash–dash.html", `the character "–" is not allowed`],
  ["cafe\u0301.html", "is not allowed"],
  ["١.html", `the character "١" is not allowed`],
  ["end.", "must not end in a dot"],
  ["aux.js", `"aux" is the name of a device`],
  ["Com1/page.html", `"Com1" is the name of a device`],
  ["docs/.git/config", "version control"],
  ["docs/go.mod", "another Go module"],
])("%j stops the build, with words", (name, words) => {
  put("index.html");
  put(name);
  const { status, words: said } = check();
  expect(status).toBe(1);
  expect(said).toContain(words);
  expect(said).toContain("Rename them in frontend/public or frontend/app");
});

test("a name that is not UTF-8, and a link, stop the build", () => {
  put("index.html");
  put(Buffer.from([0x61, 0xff, 0x2e, 0x74, 0x78, 0x74]));
  symlinkSync("index.html", path.join(out, "link.html"));
  const { status, words } = check();
  expect(status).toBe(1);
  expect(words).toContain("the name is not UTF-8");
  expect(words).toContain("link.html: it is no regular file");
  expect(words).not.toContain("index.html:");
});

test("a build with such a file stops, and leaves no export behind", () => {
  const root = path.join(import.meta.dirname, "..", "..");
  for (const file of ["Makefile", "package.json", "package-lock.json"])
    cpSync(path.join(root, file), path.join(out, file));
  cpSync(import.meta.dirname, path.join(out, "frontend", "scripts"), { recursive: true });
  // Stands in for Next.js, which takes half a minute for the same.
  const next = path.join(out, "node_modules", ".bin", "next");
  put("node_modules/.bin/next");
  writeFileSync(
    next,
    `#!/bin/sh\nmkdir frontend/out && echo >frontend/out/index.html && echo >"frontend/out/it's.txt"\n`,
  );
  chmodSync(next, 0o755);
  put("node_modules/.package-lock.json");
  const { status, stderr } = spawnSync("make", ["frontend/out/index.html"], { cwd: out, encoding: "utf8" });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/it's\.txt: the character "'" is not allowed in a name/);
  expect(existsSync(path.join(out, "frontend/out/index.html")), "it would pass for built").toBe(false);
});
