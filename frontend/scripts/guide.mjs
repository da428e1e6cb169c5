// Follows docs/make-it-yours.md in the project that is the working directory, whatever its name is, and whichever of the
// guide's steps it has taken already.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** The name that the guide gives to the project. @type {(guide: string) => string} */
export const exampleName = (guide) => /make rename NAME=([a-z]+)/.exec(guide)?.[1] ?? "";

/**
 * A step of the guide: a file to make, places of a file to change, or a command (then there is no file).
 *
 * @typedef {{ file: string | undefined, isNew: boolean, text: string }} Step
 */

/**
 * The steps of a guide, for a project of this name.
 *
 * @type {(guide: string, name: string) => Step[]}
 */
export function stepsOf(guide, name) {
  const example = exampleName(guide);
  const title = (/** @type {string} */ word) => word.charAt(0).toUpperCase() + word.slice(1);
  const named = guide
    .replaceAll(example, name)
    .replaceAll(title(example), title(name))
    .replaceAll(example.toUpperCase(), name.toUpperCase());
  const blocks = named.matchAll(/(?:^`([^`\n]+)`( \(new\))?:\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, file, isNew, language, text = ""]) => {
    if (file !== undefined || language === "sh") return [{ file, isNew: isNew !== undefined, text }];
    if (language !== "console") throw new Error(`every block names its file, but for commands:\n${text}`);
    return [];
  });
}

/** Both sides of every place that a step changes. */
function places(/** @type {Step} */ { text }) {
  return text.split(/^@@\n/m).map((place) => {
    const lines = place.trimEnd().split("\n");
    const side = (/** @type {string} */ sign) =>
      lines
        .filter((line) => line === "" || ` ${sign}`.includes(line.charAt(0)))
        .map((line) => line.slice(1))
        .join("\n");
    return { from: side("-"), to: side("+") };
  });
}

const timesIn = (/** @type {string} */ source, /** @type {string} */ part) => source.split(part).length - 1;

/**
 * Takes the steps of one file that it has not taken, in their order.
 *
 * @type {(source: string | undefined, steps: Step[]) => string}
 */
export function taken(source, steps) {
  // A later step can change what an earlier one wrote, so the last one that is found counts.
  const done = steps.findLastIndex((step) =>
    step.isNew
      ? source === step.text
      : source !== undefined && places(step).every(({ to }) => timesIn(source, to) === 1),
  );
  let text = source;
  for (const step of steps.slice(done + 1)) {
    if (step.isNew) {
      if (text !== undefined) throw new Error(`${step.file} is there, with another text than in the guide`);
      text = step.text;
      continue;
    }
    for (const { from, to } of places(step)) {
      const times = timesIn(text ?? "", from);
      if (times !== 1) throw new Error(`${step.file}: this is there ${times} times instead of once:\n${from}`);
      text = (text ?? "").replace(from, () => to);
    }
  }
  return text ?? "";
}

/** Takes the steps one by one in the working directory. */
function follow() {
  const { name } = JSON.parse(readFileSync("package.json", "utf8"));
  const steps = stepsOf(readFileSync("docs/make-it-yours.md", "utf8"), name);
  steps.forEach(({ file, text }, i) => {
    if (file === undefined) {
      execFileSync("bash", ["--norc", "-euo", "pipefail", "-c", text], { stdio: "inherit" });
      return;
    }
    // The steps up to this one, and those after it only to see what is done.
    const ofFile = steps.filter((step) => step.file === file);
    const soFar = steps.slice(0, i + 1).filter((step) => step.file === file);
    const source = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    if (source !== undefined && taken(source, ofFile) === source) return;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, taken(source, soFar));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) follow();
