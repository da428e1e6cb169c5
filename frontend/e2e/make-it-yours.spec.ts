import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, registerByForm, test } from "./fixtures";
import { scratchCopy } from "./scratch";
import { startServer } from "./server";

const guide = readFileSync(path.join(import.meta.dirname, "..", "..", "docs", "make-it-yours.md"), "utf8");

/** What the page says to do, in its order: a new file, places of a file to change, or commands to run. */
interface Step {
  /** Undefined for commands. */
  file: string | undefined;
  isNew: boolean;
  text: string;
}

function steps(): Step[] {
  const blocks = guide.matchAll(/(?:^`([^`\n]+)`( \(new\))?:\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, file, isNew, language, text = ""]) => {
    if (file === undefined && language !== "sh") {
      expect(language, `every block names its file, but for commands:\n${text}`).toBe("console");
      return [];
    }
    return [{ file, isNew: isNew !== undefined, text }];
  });
}

/** Changes one place after another; each must be found, and be the only one. */
function changed(source: string, diff: string): string {
  for (const place of diff.split(/^@@\n/m)) {
    const lines = place.trimEnd().split("\n");
    const side = (sign: string) =>
      lines.filter((line) => line === "" || " ".concat(sign).includes(line.charAt(0))).map((line) => line.slice(1));
    const from = side("-").join("\n");
    expect(source.split(from).length - 1, `how often this is found:\n${from}`).toBe(1);
    source = source.replace(from, () => side("+").join("\n"));
  }
  return source;
}

test("the page that makes it yours works as it is written", async ({ browser, person }) => {
  test.setTimeout(1_200_000);
  const copy = await scratchCopy();
  const at = (file: string) => path.join(copy, file);
  const read = (file: string) => readFileSync(at(file), "utf8");
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
  };
  /** Runs a command as a person would, and returns its exit status with all that it said. */
  const tried = async (command: string): Promise<{ status: number; words: string }> => {
    try {
      const { stdout, stderr } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", command], { cwd: copy });
      return { status: 0, words: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, words: stdout + stderr };
    }
  };
  const run = async (command: string) => {
    const { status, words } = await tried(command);
    expect(status, `${command}\n${words}`).toBe(0);
  };

  try {
    await run("git init --quiet && git add --all");
    for (const { file, isNew, text } of steps()) {
      // Of what is installed only the project's own name has changed: that saves half a minute of `npm ci`.
      if (text.includes("make generate")) await run("touch node_modules/.package-lock.json");
      if (file === undefined) await run(text);
      else if (isNew) write(file, text);
      else write(file, changed(read(file), text));
    }
    expect((await tried("git grep --files-with-matches --ignore-case lychgate")).words.trim().split("\n")).toEqual([
      "LICENSE",
      "docs/make-it-yours.md",
    ]);

    await test.step("what it makes passes the checks", async () => {
      await run('test -z "$(gofmt -l main.go embed.go server)"');
      await run("npm run --silent format:check && npm run --silent lint && npm run --silent typecheck");
      await run("./.ci/generated-is-current");
      await run("make build");
      await run("go test ./server/notes ./server/config ./server/site ./server/cli");
      await run("go test ./server -run 'Contract|Layers'");
    });

    await test.step("the pages, the route and the setting work", async () => {
      const server = await startServer(["--notes-max", "2"], at("acme"));
      try {
        const context = await browser.newContext({ baseURL: server.origin });
        const page = await context.newPage();
        await page.goto("/pricing");
        await expect(page.getByRole("heading", { name: "Pricing" })).toBeVisible();
        await expect(page).toHaveTitle("Pricing – Acme");
        for (const prefix of ["/dashboard/notes", "/team", "/team/anything"]) {
          const refused = await page.request.get(prefix, { maxRedirects: 0 });
          expect(refused.headers()["location"]).toBe(`/login?next=${encodeURIComponent(prefix)}`);
          expect((await page.request.get(`${prefix}.txt`)).status()).toBe(401);
        }
        await registerByForm(page, person);
        await page.goto("/team");
        await expect(page.getByText(person.email)).toBeVisible();

        await page.getByRole("link", { name: "Notes" }).click();
        await expect(page.getByText("Nothing is written down yet.")).toBeVisible();
        const add = async (text: string) => {
          await page.getByLabel("Note", { exact: true }).fill(text);
          await page.getByRole("button", { name: "Add note" }).click();
        };
        await add(" ");
        await expect(page.getByText("Write something down first.")).toBeVisible();
        for (const text of ["Buy milk", "Feed the cat"]) {
          await add(text);
          await expect(page.getByRole("listitem").filter({ hasText: text })).toBeVisible();
        }
        await add("One more");
        await expect(page.getByRole("alert").filter({ hasText: "You have 2 notes already" })).toBeVisible();
        await context.close();
      } finally {
        await server.stop();
      }
    });

    /** Leaves a step out, or takes a wrong one, and expects the words that help; then puts the file back. */
    const mistake = (name: string, file: string, wrong: (text: string) => string, command: string, help: RegExp) =>
      test.step(name, async () => {
        const right = read(file);
        expect(wrong(right)).not.toBe(right);
        write(file, wrong(right));
        const { status, words } = await tried(command);
        expect(status, words).not.toBe(0);
        expect(words).toMatch(help);
        write(file, right);
      });

    const contract = "go test ./server -run Contract";
    await mistake(
      "a route without contract",
      "server/openapi.yaml",
      (text) => text.replace(/^ {4}post:\n {6}operationId: addNote\n(?: {5}.*\n)*/m, ""),
      contract,
      /POST \/api\/notes is in the table of routes, but not in openapi\.yaml: describe it there, then run make generate/,
    );
    await mistake(
      "a contract without route",
      "server/routes.go",
      (text) => text.replace(/.*"POST", "\/api\/notes".*\n/, ""),
      contract,
      /POST \/api\/notes is in openapi\.yaml, but not in the table of routes: add its line to server\/routes\.go/,
    );
    await mistake(
      "a stale generated client",
      "server/openapi.yaml",
      (text) => text.replace("operationId: addNote", "operationId: writeNote"),
      "./.ci/generated-is-current",
      /schema\.d\.ts is stale: .*Run make generate/,
    );
    await mistake(
      "a feature from behind the gate on a public page",
      "frontend/app/pricing/page.tsx",
      (text) => `${text.replace("<p ", "<Notes /><p ")}\nimport { Notes } from "@/features/notes/notes";\n`,
      "npx --no-install eslint frontend/app/pricing",
      /This page is public, .* Move the page below a path of server\/protected\.json, or add the feature to publicFeatures/,
    );
    await mistake(
      "a mistyped protected path",
      "server/protected.json",
      (text) => text.replace("/team", "/taem"),
      "go test ./server/site -run ProtectedPath",
      /protected\.json names \/taem, and there is no page frontend\/app\/taem\/page\.tsx/,
    );
    await mistake(
      "a package without its line",
      "server/architecture_test.go",
      (text) => text.replace(/.*"server\/notes":.*\n/, ""),
      "go test ./server -run Layers",
      /package acme\/server\/notes has no line in layers: add one/,
    );
    await mistake(
      "a setting without its values",
      "server/config/config_test.go",
      (text) => text.replace(/.*"notes-max".*\n/, ""),
      "go test ./server/config",
      /NotesMax is not in the table: add a row/,
    );
    await mistake(
      "a flag that the README does not name",
      "README.md",
      (text) => text.replace(/.*`--notes-max`.*\n/, ""),
      "go test ./server/cli -run README",
      /README\.md does not name --notes-max: add a row/,
    );
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
