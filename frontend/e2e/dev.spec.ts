import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "./fixtures";
import { freePort, scratchCopy } from "./scratch";

test("make dev shows edits of both sides, keeps the session, and ends with one Ctrl-C", async ({ browser, person }) => {
  test.setTimeout(600_000);
  const copy = await scratchCopy();
  const origin = `http://localhost:${await freePort()}`;
  const dev = spawn("make", ["dev"], {
    cwd: copy,
    detached: true, // A process group of its own, as in a terminal, so that Ctrl-C reaches all of it.
    env: { ...process.env, LYCHGATE_ADDR: new URL(origin).host, LYCHGATE_DATA_DIR: path.join(copy, "data") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [dev.stdout, dev.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(dev, "close");

  /** Edits a file, waits until it shows, and says how long that took. */
  const edit = async (file: string, from: string, to: string, shows: () => Promise<void>) => {
    const source = readFileSync(path.join(copy, file), "utf8");
    expect(source).toContain(from);
    const begun = performance.now();
    writeFileSync(path.join(copy, file), source.replace(from, to));
    await shows();
    console.log(`${file}: the edit shows after ${Math.round(performance.now() - begun)} ms`);
  };

  const long = { timeout: 240_000 };
  try {
    await expect.poll(() => output, long).toContain("lychgate is ready at");
    await expect.poll(() => output, long).toMatch(/\[pages \].*Ready/);

    const page = await browser.newPage({ baseURL: origin });
    await page.goto("/dashboard", long);
    await expect(page).toHaveURL("/login?next=%2Fdashboard", long);
    await page.getByRole("link", { name: "Create one" }).click();
    await page.getByLabel("Name").fill(person.name, long);
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("heading", { name: `Hello, ${person.name}` })).toBeVisible(long);

    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    await edit("frontend/features/account/greeting.tsx", "Hello, ${name}", "Good evening, ${name}", () =>
      expect(page.getByRole("heading", { name: `Good evening, ${person.name}` })).toBeVisible(long),
    );
    expect(await page.evaluate(() => "sameDocument" in window), "hot reload keeps the page").toBe(true);
    await edit("server/service.go", 'status{"ok"}', 'status{"edited"}', () =>
      expect
        .poll(async () => (await fetch(`${origin}/healthz`).catch(() => undefined))?.text(), long)
        .toContain("edited"),
    );
    await page.reload(long);
    await expect(page.getByRole("heading", { name: `Good evening, ${person.name}` })).toBeVisible(long);
    await expect(page).toHaveURL("/dashboard");

    await edit("frontend/features/account/greeting.tsx", "</h1>", "</h2>", () =>
      expect.poll(() => output, long).toMatch(/\[pages \].*features\/account\/greeting\.tsx:\d+/),
    );
    await edit("server/service.go", 'status{"edited"}', "status{nowhere}", () =>
      expect.poll(() => output, long).toMatch(/\[server\].*server\/service\.go:\d+:\d+: undefined: nowhere/),
    );
    await page.close();

    const second = spawn("make", ["dev"], { cwd: copy, env: { ...process.env, LYCHGATE_ADDR: new URL(origin).host } });
    let words = "";
    second.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
    await once(second, "close");
    expect(words).toContain(`${new URL(origin).host} is taken by another program`);
  } catch (error) {
    console.log(output);
    throw error;
  } finally {
    process.kill(-dev.pid!, "SIGINT");
    await ended;
    await rm(copy, { recursive: true, force: true });
  }
  await expect(fetch(`${origin}/healthz`), "nothing is left running").rejects.toThrow();
  expect(output, "Ctrl-C is no failure").not.toMatch(/^make.*Error/m);
});

test("make run ends with one Ctrl-C, which is no failure", async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "lychgate-e2e-"));
  // The binary is under test elsewhere at this moment, so it is taken as it is.
  const run = spawn("make", ["--old-file=lychgate", "run"], {
    cwd: path.join(import.meta.dirname, "..", ".."),
    detached: true,
    env: { ...process.env, LYCHGATE_ADDR: "localhost:0", LYCHGATE_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [run.stdout, run.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(run, "close");
  try {
    await expect.poll(() => output).toContain("lychgate is ready at");
  } finally {
    process.kill(-run.pid!, "SIGINT");
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  }
  expect(output).toContain("stopping");
  expect(output).not.toMatch(/^make.*Error/m);
});
