// Writes a brotli and a gzip variant beside every file of the export that compression makes smaller. The server picks
// one, and compresses nothing itself. The same input gives the same bytes.
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const out = path.join(import.meta.dirname, "..", "out");
// The table of the server, which serves variants only of the types that the table marks.
const mediaTypes = JSON.parse(
  await readFile(path.join(import.meta.dirname, "..", "..", "server", "site", "export", "media-types.json"), "utf8"),
);

const variants = [
  {
    suffix: ".br",
    compress: (bytes) =>
      promisify(brotliCompress)(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      }),
  },
  // Node's gzip leaves the modification time out of the header.
  { suffix: ".gz", compress: (bytes) => promisify(gzip)(bytes, { level: 9 }) },
];

const entries = await readdir(out, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile() && mediaTypes[path.extname(entry.name).toLowerCase()]?.compress)
  .map((entry) => path.join(entry.parentPath, entry.name));

const written = await Promise.all(files.flatMap((file) => variants.map((variant) => writeVariant(file, variant))));
console.log(
  `compress: ${files.length} files, ${written.filter(Boolean).length} variants written to ${path.relative(".", out)}`,
);

async function writeVariant(file, { suffix, compress }) {
  const bytes = await readFile(file);
  const compressed = await compress(bytes);
  if (compressed.length >= bytes.length) return false;
  await writeFile(file + suffix, compressed);
  return true;
}
