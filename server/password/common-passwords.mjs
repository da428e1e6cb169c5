// Writes common-passwords.txt.gz: the most common passwords that the length
// rule alone would let through, lower-case, one a line, most common first.
// Run by `make generate`; the list comes from @zxcvbn-ts/language-common (MIT).
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

const require = createRequire(import.meta.url);
const { dictionary } = require("@zxcvbn-ts/language-common");

const shortest = 8; // the least that --password-min allows
const words = new Set(
  dictionary["passwords-common"]
    .map((word) => String(word).toLowerCase())
    .filter((word) => [...word].length >= shortest),
);
const target = new URL("common-passwords.txt.gz", import.meta.url);
writeFileSync(target, gzipSync([...words].join("\n") + "\n", { level: 9 }));
console.log(`${words.size} common passwords written`);
