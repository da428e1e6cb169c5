// Gives the project another name, in three spellings, in every text file that git does not ignore. The present name is
// the one in package.json, so a renamed project can be renamed again. `make rename` runs this.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename } from "node:path";

// The licence keeps its holder, and the guide its example. go.sum holds no name of ours.
const untouched = ["LICENSE", "docs/make-it-yours.md", "go.sum", "server/bench/go.sum"];
// What others call so, whatever this project is called.
const othersNames = "acme-challenge";

class Refusal extends Error {}

try {
  rename(process.argv[2]);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`rename: ${error.message}`);
  process.exitCode = 1;
}

function rename(name) {
  const present = JSON.parse(readFileSync("package.json", "utf8")).name;
  if (!/^[a-z][a-z0-9]*$/.test(name ?? "")) {
    throw new Refusal("a name is one word of lower-case letters and digits: make rename NAME=word");
  }
  if (name === present) {
    console.log(`The project is called ${name} already.`);
    return;
  }
  const files = textFiles();
  refuseTaken(name, present, files);
  const changed = files.filter(({ file, text }) => {
    const renamed = withName(file, text, present, name);
    if (renamed !== text) writeFileSync(file, renamed, "latin1");
    return renamed !== text;
  });
  console.log(`${present} is now ${name}, in ${changed.length} files.`);
}

/** The files to rename in, and their text: each character is a byte, so that files in any encoding keep theirs. */
function textFiles() {
  const list = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (list.status !== 0) {
    const why = list.error?.message ?? list.stderr.trim();
    throw new Refusal(`git says which files are the project's, and it failed (${why}): run git init here first`);
  }
  return list.stdout
    .split("\0")
    .filter((file) => file !== "" && !untouched.includes(file) && existsSync(file) && lstatSync(file).isFile())
    .map((file) => ({ file, text: readFileSync(file, "latin1") }))
    .filter(({ text }) => !text.includes("\0"));
}

function withName(file, text, from, to) {
  // Names of packages, addresses and checksums are others' words.
  if (isLock(file)) return text.replaceAll(`"name": "${from}"`, `"name": "${to}"`);
  const spellings = new Map(spellingsOf(from).map((spelling, i) => [spelling, spellingsOf(to)[i]]));
  // A name inside a longer word is another word. An escape in front of it, such as %2f or \n, is no part of the word.
  const start = String.raw`(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}|\\[a-z]))`;
  return text.replace(
    new RegExp(`${othersNames}|${start}(?:${[...spellings.keys()].join("|")})(?![A-Za-z0-9])`, "g"),
    (found) => spellings.get(found) ?? found,
  );
}

function isLock(file) {
  return basename(file) === "package-lock.json";
}

function spellingsOf(name) {
  return [name, name.charAt(0).toUpperCase() + name.slice(1), name.toUpperCase()];
}

/** Refuses a name that means something else already: a later renaming could not tell the two apart. */
function refuseTaken(name, present, files) {
  const standard = execFileSync("go", ["list", "std"], { encoding: "utf8", cwd: "/" });
  if (standard.split("\n").some((path) => path.split("/")[0] === name) || builtinModules.includes(name)) {
    throw new Refusal(`${name} is a package of the standard library of Go or Node.js: choose another name`);
  }
  const taken = new RegExp(spellingsOf(name).join("|"));
  const places = files.flatMap(({ file, text }) => {
    if (isLock(file)) return text.includes(`"node_modules/${name}"`) ? [file] : [];
    const others = withName(file, text, present, "\0").replaceAll(othersNames, "");
    const line = others.split("\n").findIndex((words) => taken.test(words));
    return line < 0 ? [] : [`${file}:${line + 1}`];
  });
  if (places.length > 0) {
    const shown = places.slice(0, 5).join(", ") + (places.length > 5 ? ` and ${places.length - 5} more files` : "");
    throw new Refusal(`${name} stands for something else already, in ${shown}: choose another name`);
  }
}
