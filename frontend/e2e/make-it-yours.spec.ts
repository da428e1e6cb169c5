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

/** Those of the Go tests that look at what the page adds. */
const goTest =
  "go test -vet=off -run 'Contract|Layers|ProtectedPath|TheTable|Every|README|Notes' ./server ./server/site ./server/config ./server/cli";

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
      await run(
        "npm run --silent format:check && npx --no-install eslint --max-warnings 0 frontend/app frontend/features",
      );
      await run("./.ci/generated-is-current");
      await run("make build");
      await run(`${goTest} ./server/notes`);
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

    interface Mistake {
      file: string;
      wrong: (text: string) => string;
      help: RegExp;
    }
    /** Leaves steps out, or takes wrong ones, and expects the words that help with each; then puts the files back. */
    const mistakes = (name: string, command: string, list: Mistake[]) =>
      test.step(name, async () => {
        const right = list.map(({ file }) => read(file));
        list.forEach(({ file, wrong }, i) => {
          expect(wrong(right[i]!), file).not.toBe(right[i]);
          write(file, wrong(right[i]!));
        });
        const { status, words } = await tried(command);
        expect(status, words).not.toBe(0);
        for (const { help } of list) expect(words).toMatch(help);
        list.forEach(({ file }, i) => write(file, right[i]!));
      });

    await mistakes("steps that the Go tests miss", goTest, [
      {
        file: "server/openapi.yaml",
        wrong: (text) => text.replace(/^ {4}post:\n {6}operationId: addNote\n(?: {5}.*\n)*/m, ""),
        help: /POST \/api\/notes is in the table of routes, but not in openapi\.yaml: describe it there, then run make generate/,
      },
      {
        file: "server/protected.json",
        wrong: (text) => text.replace("/team", "/taem"),
        help: /protected\.json names \/taem, and there is no page frontend\/app\/taem\/page\.tsx/,
      },
      {
        file: "server/architecture_test.go",
        wrong: (text) => text.replace(/.*"server\/notes":.*\n/, ""),
        help: /package acme\/server\/notes has no line in layers: add one/,
      },
      {
        file: "server/config/config_test.go",
        wrong: (text) => text.replace(/.*"notes-max".*\n/, ""),
        help: /NotesMax is not in the table: add a row/,
      },
      {
        file: "README.md",
        wrong: (text) => text.replace(/.*`--notes-max`.*\n/, ""),
        help: /README\.md does not name --notes-max: add a row/,
      },
    ]);
    await mistakes("a contract without route", "go test -vet=off ./server -run Contract", [
      {
        file: "server/routes.go",
        wrong: (text) => text.replace(/.*"POST", "\/api\/notes".*\n/, ""),
        help: /POST \/api\/notes is in openapi\.yaml, but not in the table of routes: add its line to server\/routes\.go/,
      },
    ]);
    await mistakes("a stale generated client", "./.ci/generated-is-current", [
      {
        file: "server/openapi.yaml",
        wrong: (text) => text.replace("operationId: addNote", "operationId: writeNote"),
        help: /schema\.d\.ts is stale: .*Run make generate/,
      },
    ]);
    await mistakes("a feature from behind the gate", "npx --no-install eslint frontend/app/pricing", [
      {
        file: "frontend/app/pricing/page.tsx",
        wrong: (text) => `${text.replace("<p ", "<Notes /><p ")}\nimport { Notes } from "@/features/notes/notes";\n`,
        help: /This page is public, .* Move the page below a path of server\/protected\.json, or add the feature to publicFeatures/,
      },
    ]);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
