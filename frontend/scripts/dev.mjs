// Runs `next dev` behind the Go server for development, and watches both. One Ctrl-C ends both.
import { createServer } from "node:net";
import path from "node:path";
import concurrently from "concurrently";

const addr = process.env.LYCHGATE_ADDR || "localhost:8080";
const root = path.join(import.meta.dirname, "..", "..");

await checkFree(addr);
const port = await freePort();
const { result } = concurrently(
  [
    {
      name: "pages",
      command: `node_modules/.bin/next dev frontend --port ${port} --hostname localhost`,
      env: { NEXT_TELEMETRY_DISABLED: "1" },
      prefixColor: "magenta",
    },
    {
      name: "server",
      command: ".bin/air-v1.67.4 -c .air.toml",
      env: { LYCHGATE_ADDR: addr, LYCHGATE_FRONTEND_DEV: `http://localhost:${port}`, LYCHGATE_LOG_FORMAT: "text" },
      prefixColor: "cyan",
    },
  ],
  { cwd: root, killOthersOn: ["success", "failure"], prefix: "name", padPrefix: true },
);
process.exitCode = await result.then(
  () => 0,
  (events) => (events.some(({ killed, exitCode }) => !killed && exitCode !== 0 && exitCode !== "SIGINT") ? 1 : 0),
);

/** Ends the program with a message when another program listens at the address. */
async function checkFree(address) {
  const at = address.lastIndexOf(":");
  try {
    await listen(address.slice(0, at) || undefined, Number(address.slice(at + 1)));
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    console.error(
      `${address} is taken by another program, perhaps another \`make dev\` or \`make run\`.\n` +
        `Stop it, or choose another address: LYCHGATE_ADDR=localhost:8081 make dev`,
    );
    process.exit(1);
  }
}

/** A free port. Only the server asks for the pages there, so any port will do. */
function freePort() {
  return listen("localhost", 0);
}

function listen(host, port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, host, () => {
      const { port: taken } = server.address();
      server.close(() => resolve(taken));
    });
  });
}
