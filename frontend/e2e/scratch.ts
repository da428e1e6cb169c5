import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, linkSync, mkdirSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");

/** Copies the project as it is, with its installed packages, to a folder to edit at will. The caller removes it. */
export async function scratchCopy(): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), "lychgate-copy-"));
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of list.toString().trim().split("\n")) {
    if (!existsSync(path.join(root, file))) continue; // Deleted, and not committed yet.
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(copy, file), { preserveTimestamps: true });
  }
  cpSync(path.join(root, "node_modules"), path.join(copy, "node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
  });
  mkdirSync(path.join(copy, ".bin"));
  const air = "air-v1.67.4";
  linkOrCopy(path.join(root, ".bin", air), path.join(copy, ".bin", air));
  return copy;
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to); // On another file system.
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
