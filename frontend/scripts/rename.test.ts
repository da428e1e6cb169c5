// @vitest-environment node
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = path.join(import.meta.dirname, "rename.mjs");

let project = "";
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), "rename-"));
  execFileSync("git", ["init", "--quiet"], { cwd: project });
  for (const [file, text] of Object.entries(files)) write(file, text);
  execFileSync("git", ["add", "--all"], { cwd: project });
});
afterEach(() => rmSync(project, { recursive: true }));

const files = {
  ".gitignore": "/ignored\n",
  "go.mod": "module quenby\n",
  "go.sum": "others.example/quenby v1.0.0 h1:quenby=\n",
  LICENSE: "Copyright The Quenby authors\n",
  "docs/make-it-yours.md": "Give Quenby a name.\n",
  "package.json": '{ "name": "quenby", "dependencies": { "leftpad": "1" } }\n',
  "package-lock.json": '{ "name": "quenby", "node_modules/leftpad": { "integrity": "sha512-quenbywrenna" } }\n',
  "server/bench/go.sum": "others.example/wrenna v1.0.0 h1:quenby=\n",
  "server/bench/peers/package-lock.json":
    '{ "name": "peers", "node_modules/leftpad": { "integrity": "sha512-quenbywrenna" } }\n',
  "server/main.go": 'import "quenby/server"\n\nconst prefix = "QUENBY_" // of Quenby\n',
  picture: "quenby\0",
};

function write(file: string, text: string) {
  mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
  writeFileSync(path.join(project, file), text);
}

const read = (file: string) => readFileSync(path.join(project, file), "utf8");

function rename(...name: string[]): { status: number | null; words: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...name], { cwd: project, encoding: "utf8" });
  return { status, words: stdout + stderr };
}

test("a project is renamed in three spellings, and again", () => {
  write("new.txt", "quenby\n");
  write("ignored", "quenby\n");
  symlinkSync("ignored", path.join(project, "link"));
  for (const [from, to, title, capitals] of [
    ["quenby", "wrenna", "Wrenna", "WRENNA"],
    ["wrenna", "torvald", "Torvald", "TORVALD"],
  ] as const) {
    expect(rename(to)).toEqual({ status: 0, words: `${from} is now ${to}, in 5 files.\n` });
    expect(read("go.mod")).toBe(`module ${to}\n`);
    expect(read("server/main.go")).toBe(`import "${to}/server"\n\nconst prefix = "${capitals}_" // of ${title}\n`);
    expect(read("package.json")).toContain(`"name": "${to}"`);
    expect(read("package-lock.json")).toBe(files["package-lock.json"].replace('"name": "quenby"', `"name": "${to}"`));
    expect(read("new.txt")).toBe(`${to}\n`);
    for (const file of [
      "go.sum",
      "LICENSE",
      "docs/make-it-yours.md",
      "server/bench/go.sum",
      "server/bench/peers/package-lock.json",
      "picture",
    ] as const) {
      expect(read(file)).toBe(files[file]);
    }
    expect(read("ignored")).toBe("quenby\n");
  }
});

test("longer words and other encodings stay as they are", () => {
  write("words.txt", "quenbyish Quenbys unquenby 2quenby\n/a%2fquenby/ \\nquenby quenby's quenby_id\n");
  const latin = Buffer.from("quenby caf\xe9\n", "latin1");
  writeFileSync(path.join(project, "latin.txt"), latin);
  expect(rename("wrenna").status).toBe(0);
  expect(read("words.txt")).toBe("quenbyish Quenbys unquenby 2quenby\n/a%2fwrenna/ \\nwrenna wrenna's wrenna_id\n");
  expect(readFileSync(path.join(project, "latin.txt"))).toEqual(Buffer.from("wrenna caf\xe9\n", "latin1"));
});

test("a directory without git is refused", () => {
  rmSync(path.join(project, ".git"), { recursive: true });
  const { status, words } = rename("wrenna");
  expect(status).toBe(1);
  expect(words).toMatch(/^rename: .*run git init here first\n$/s);
  expect(read("go.mod")).toBe(files["go.mod"]);
});

test("the same name changes nothing", () => {
  expect(rename("quenby")).toEqual({ status: 0, words: "The project is called quenby already.\n" });
  expect(read("server/main.go")).toBe(files["server/main.go"]);
});

test("what others call so stays", () => {
  // In two parts, or renaming this project would change them.
  const challenge = "ac" + "me-challenge";
  write("paths.txt", `/.well-known/${challenge}/quenby\n`);
  expect(rename("ac" + "me").status).toBe(0);
  expect(rename("wrenna").status).toBe(0);
  expect(read("paths.txt")).toBe(`/.well-known/${challenge}/wrenna\n`);
});

test.each([
  ["no name", [], /one word of lower-case letters/],
  ["an empty one", [""], /one word of lower-case letters/],
  ["capitals", ["Wrenna"], /one word of lower-case letters/],
  ["two words", ["wrenna-two"], /one word of lower-case letters/],
  ["a digit first", ["2wrenna"], /one word of lower-case letters/],
  ["a line break", ["wrenna\n"], /one word of lower-case letters/],
  [
    "a word of the sources",
    ["prefix"],
    /stands for something else already, in server\/main\.go:3: choose another name/,
  ],
  ["a part of one", ["pre"], /in server\/main\.go:3/],
  ["a package", ["leftpad"], /in package-lock\.json, package\.json:1/],
  ["a package of Go", ["embed"], /standard library/],
  ["a package of Node.js", ["zlib"], /standard library/],
])("%s is refused", (_, name, reason) => {
  const { status, words } = rename(...name);
  expect(status).toBe(1);
  expect(words).toMatch(reason);
  for (const [file, text] of Object.entries(files)) expect(read(file)).toBe(text);
});
