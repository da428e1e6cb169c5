// Stops the build when the export holds a file that Go cannot embed. go:embed would leave some of them out silently, and
// the page would be missing. The rules are those of module.CheckFilePath and of the go command
// (golang.org/ref/mod#module-path, "file names", and golang.org/issue/54003).
import { readdir } from "node:fs/promises";
import path from "node:path";

const out = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, "..", "out"));

const forbidden = /[^\p{L}0-9!#$%&()+,\-.=@[\]^_{}~ ]/u;
const ofWindows = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const ofVersionControl = [".git", ".hg", ".svn", ".bzr"];

const entries = await readdir(out, { recursive: true, withFileTypes: true });
const faults = entries.flatMap((entry) => {
  const fault = faultOf(entry.name, entry);
  return fault ? [`  ${path.join(path.relative(out, entry.parentPath), entry.name)}: ${fault}`] : [];
});
if (faults.length > 0) {
  console.error(
    `Go cannot embed these files of ${path.relative(".", out) || "."}. Rename them in frontend/public or frontend/app, with letters, digits and - _ . in their names:\n${faults.sort().join("\n")}`,
  );
  process.exit(1);
}

/** Why Go cannot embed a file or folder, or undefined when it can. */
function faultOf(name, entry) {
  if (name.includes("\ufffd")) return "the name is not UTF-8"; // Node puts this in place of what is not.
  const character = forbidden.exec(name)?.[0];
  if (character !== undefined) return `the character ${JSON.stringify(character)} is not allowed in a name`;
  if (name.endsWith(".")) return "a name must not end in a dot";
  const stem = name.split(".", 1)[0];
  if (ofWindows.test(stem)) return `${JSON.stringify(stem)} is the name of a device on Windows`;
  if (ofVersionControl.includes(name)) return "this is the name of a version control's folder";
  if (name === "go.mod") return "its folder would be another Go module, and left out as a whole";
  if (!entry.isFile() && !entry.isDirectory()) return "it is no regular file (a link must become a copy)";
  return undefined;
}
