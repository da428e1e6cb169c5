import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const lychgate = path.join(import.meta.dirname, "..", "..", "lychgate");

export interface Server {
  origin: string;
  /** Runs a command of the same program beside it, such as `user disable`, on its data. */
  run: (...args: string[]) => Promise<void>;
  /** Stops it as an operator would, and throws unless it exits with 0. */
  stop: () => Promise<void>;
}

/** Starts the release binary, or another one, on a free port, with a data directory of its own. */
export async function startServer(flags: string[], binary = lychgate): Promise<Server> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "lychgate-e2e-"));
  const args = ["--addr", "localhost:0", "--data-dir", dataDir, "--bcrypt-cost", "10", ...flags];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });

  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, "close");

  const origin = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const url = /https?:\/\/[^\s"]+/.exec(line);
      if (url) resolve(url[0]);
    });
    ended.then(
      ([code]) => reject(new Error(`lychgate ended with ${String(code)} before it was ready:\n${log}`)),
      (error: Error) => reject(new Error(`${error.message}: run "make build" first`)),
    );
  });

  return {
    origin,
    run: async (...args) => void (await promisify(execFile)(binary, [...args, "--data-dir", dataDir])),
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = await ended;
      await rm(dataDir, { recursive: true, force: true });
      if (code !== 0) throw new Error(`lychgate ended with ${String(code)} on SIGTERM:\n${log}`);
    },
  };
}
