// better-auth as its documentation shows it for Node, without limits.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import Database from "better-sqlite3";

const [host, port] = process.env.ADDRESS.split(":");
const db = new Database(process.env.DATABASE);
db.pragma("journal_mode = WAL");
const auth = betterAuth({
  baseURL: `http://${process.env.ADDRESS}`,
  secret: process.env.SECRET,
  database: db,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
createServer(toNodeHandler(auth)).listen(Number(port), host);
