import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync } from "node:fs";
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
  linkOrCopy("node_modules", copy);
  mkdirSync(path.join(copy, ".bin"));
  linkOrCopy(".bin/air-v1.67.4", copy);
  return copy;
}

/** Nothing writes to these in place, so hard links do where the file system is the same. */
function linkOrCopy(name: string, copy: string): void {
  try {
    execFileSync("cp", ["-al", path.join(root, name), path.join(copy, name)], { stdio: "ignore" });
  } catch {
    cpSync(path.join(root, name), path.join(copy, name), {
      recursive: true,
      force: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
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
