import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { exampleName, stepsOf, taken } from "../scripts/guide.mjs";
import { expect, registerByForm, test } from "./fixtures";
import { scratchCopy } from "./scratch";
import { startServer } from "./server";

const root = path.join(import.meta.dirname, "..", "..");
const guide = readFileSync(path.join(root, "docs", "make-it-yours.md"), "utf8");
const { name: original } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { name: string };
const example = exampleName(guide);

/** A page that loads all kinds of media. Its worker answers with a number, and with the status of a request. */
const mediaPage = (worker: string) => `"use client";
import { useEffect, useState } from "react";

export default function MediaPage() {
  const [answers, setAnswers] = useState<string[]>([]);
  const [blobs, setBlobs] = useState<string[]>([]);
  useEffect(() => {
    const workers = [${worker}, new Worker("/plain-worker.js")];
    for (const worker of workers) {
      worker.onmessage = ({ data }: MessageEvent<string>) => setAnswers((all) => [...all, data]);
      worker.postMessage(21);
    }
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 3;
    canvas.toBlob(async (picture) => {
      const sound = await (await fetch("/beep.wav")).blob();
      setBlobs([picture!, sound].map((blob) => URL.createObjectURL(blob)));
    });
    return () => workers.forEach((worker) => worker.terminate());
  }, []);
  return (
    <main>
      <ul>
        {answers.map((answer) => (
          <li key={answer}>{answer}</li>
        ))}
      </ul>
      <audio data-testid="audio" src="/beep.wav" preload="auto" />
      <video data-testid="video" src="/beep.wav" preload="auto" />
      <img data-testid="allowed" src="https://images.example.com/x.svg" alt="" />
      <img data-testid="refused" src="https://other.example.com/x.svg" alt="" />
      {blobs[0] && <img data-testid="blob" src={blobs[0]} alt="" />}
      {blobs[1] && <audio data-testid="recording" src={blobs[1]} preload="auto" />}
    </main>
  );
}
`;

const ownMedia = {
  "frontend/app/media/page.tsx": mediaPage(`new Worker(new URL("./worker.ts", import.meta.url), { type: "module" })`),
  "frontend/app/media/worker.ts": `addEventListener("message", async ({ data }: MessageEvent<number>) => {
  const { status } = await fetch("/api/auth/session");
  const { lazy } = await import("./lazy");
  postMessage("the page's worker: " + 2 * data + ", " + status + ", " + lazy + " in the public worker");
});
`,
  "frontend/app/media/lazy.ts": `export const lazy = "lazy";\n`,
  "frontend/app/dashboard/media/page.tsx": mediaPage(`new Worker(new URL("./worker.ts", import.meta.url))`),
  "frontend/app/dashboard/media/worker.ts": `addEventListener("message", async ({ data }: MessageEvent<number>) => {
  const { status } = await fetch("/api/user/profile");
  postMessage("the page's worker: " + 3 * data + ", " + status + " in the protected worker");
});
`,
  "frontend/public/plain-worker.js": `addEventListener("message", async ({ data }) => {
  const { status } = await fetch("/api/auth/session");
  postMessage("the site's worker: " + data + ", " + status);
});
`,
};

/** A page that scrolls sideways, with a picture that says nothing to a screen reader. */
const faultyPage = `export default function FaultyPage() {
  return (
    <main>
      <h1>Faulty</h1>
      <img src="/icon.svg" />
      <div className="w-[2000px]">Wide</div>
    </main>
  );
}
`;

/** Half a second of sound. */
function beep(): Buffer {
  const samples = Buffer.from(Array.from({ length: 4000 }, (_, i) => 128 + Math.round(60 * Math.sin(i / 3))));
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** The Go tests that look at what the guide adds. */
const goTest =
  "go test -vet=off -run 'Contract|Layers|ProtectedPath|TheTable|Every|README|AllTimes|Notes' ./server ./server/site ./server/config ./server/store ./server/cli";

/** What the Makefile compiles the binary with: another way would compile SQLite anew, which takes a minute. */
const compiledAsTheBinary = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-trimpath" };

test("the guide works as it is written", async ({ browser, person }) => {
  test.setTimeout(2_400_000);
  const copy = await scratchCopy();
  const at = (file: string) => path.join(copy, file);
  const read = (file: string) => readFileSync(at(file), "utf8");
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
  };
  /** Runs a command as a person would, and returns its exit status and output. */
  const tried = async (command: string): Promise<{ status: number; words: string }> => {
    try {
      const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-euo", "pipefail", "-c", command], {
        cwd: copy,
        env: compiledAsTheBinary,
      });
      return { status: 0, words: stripVTControlCharacters(stdout + stderr) };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, words: stripVTControlCharacters(stdout + stderr) };
    }
  };
  const run = async (command: string) => {
    const { status, words } = await tried(command);
    expect(status, `${command}\n${words}`).toBe(0);
  };

  try {
    // What running it under its present name has left behind.
    write(`${original}-data/secret`, "secret");
    write(`${original}-data/${original}.db`, "accounts");
    write(original, "a binary");
    await run("git init --quiet && git add --all");
    const steps = stepsOf(guide, example);
    for (const [i, { file, text }] of steps.entries()) {
      const ofFile = steps.slice(0, i + 1).filter((step) => step.file === file);
      const before = file !== undefined && existsSync(at(file)) ? read(file) : undefined;
      if (file === undefined) await run(text);
      // A fork may have taken the steps after this one too.
      else if (
        before === undefined ||
        taken(
          before,
          steps.filter((step) => step.file === file),
        ) !== before
      )
        write(file, taken(before, ofFile));
      if (i === 0)
        await test.step("a renamed project still fits the guide", () =>
          run("npx --no-install vitest run --config frontend/vitest.config.ts scripts/guide.test.ts"));
    }
    if (original !== example) {
      const { words } = await tried(`git grep --files-with-matches --ignore-case ${original}`);
      const keepsIt = ["", "LICENSE", "docs/make-it-yours.md"];
      expect(words.split("\n").filter((file) => !keepsIt.includes(file))).toEqual([]);
    }

    // Of the files that the guide touches: `make test-fork` checks all the others too.
    await test.step("the result passes the checks", async () => {
      const touched = [
        ...new Set(steps.flatMap(({ file }) => (file !== undefined && existsSync(at(file)) ? file : []))),
      ];
      const written = touched.filter((file) => /\.(tsx?|mjs|json|yaml|md)$/.test(file));
      expect(written.length).toBeGreaterThan(5);
      await run('test -z "$(gofmt -l main.go embed.go server)"');
      await run(`npx --no-install prettier --check ${written.join(" ")}`);
      await run(`npx --no-install eslint --max-warnings 0 ${written.filter((file) => /\.tsx?$/.test(file)).join(" ")}`);
      await run("npm run --silent typecheck");
    });

    await test.step("it builds, with media of its own, and with a faulty page", async () => {
      for (const [file, text] of Object.entries(ownMedia)) write(file, text);
      write("frontend/app/faulty/page.tsx", faultyPage);
      writeFileSync(at("frontend/public/beep.wav"), beep());
      await run("make build");
      await run(`${goTest} ./server/notes ./server/secret ./server/token`);
    });

    await test.step("git takes up no data and no binary, of either name", async () => {
      write(`${example}-data/secret`, "secret");
      await run("git add --all");
      const { words } = await tried("git ls-files");
      expect(words).toContain("server/notes/notes.go\n");
      expect(words).not.toMatch(new RegExp(`^(${original}|${example})(-data/.*)?$|\\.db$|(^|/)secret$`, "m"));
    });

    await test.step("the pages, the route and the setting work", async () => {
      const server = await startServer(["--notes-max", "2"], at(example));
      try {
        const context = await browser.newContext({ baseURL: server.origin });
        const page = await context.newPage();
        await page.goto("/pricing");
        await expect(page.getByRole("heading", { name: "Pricing" })).toBeVisible();
        await expect(page).toHaveTitle(`Pricing – ${example.charAt(0).toUpperCase()}${example.slice(1)}`);
        for (const prefix of ["/dashboard/notes", "/team", "/team/anything"]) {
          const refused = await page.request.get(prefix, { maxRedirects: 0 });
          expect(refused.headers()["location"]).toBe(`/login?next=${encodeURIComponent(prefix)}`);
          expect((await page.request.get(`${prefix}.txt`)).status()).toBe(401);
        }
        await registerByForm(page, person);
        await page.goto("/team");
        await expect(page.getByText(person.email)).toBeVisible();

        await page.getByRole("link", { name: "Notes" }).click();
        await expect(page.getByText("You have no notes yet.")).toBeVisible();
        const text = page.getByLabel("Note", { exact: true });
        const priority = page.getByLabel("Priority");
        const add = async (note: string, urgency: string) => {
          await text.fill(note);
          await priority.fill(urgency);
          await page.getByRole("button", { name: "Add note" }).click();
        };
        await add("Buy milk", "");
        await expect(priority).toHaveAccessibleDescription(/^From 1.*Enter a number from 1 to 5\.$/);
        await add("Buy milk", "1.5");
        await expect(priority).toHaveAccessibleDescription(/Enter a whole number\.$/);
        await add(" ", "9");
        await expect(text).toHaveAccessibleDescription("Write something first.");
        await expect(priority).toHaveAccessibleDescription(/Choose a number from 1 to 5\.$/);
        const notes = page.getByRole("list", { name: "Notes" });
        await add("Buy milk", "2");
        await expect(notes).toHaveText("Buy milkPriority 2ChangeDelete");
        await add("Buy milk", "1");
        await expect(text).toHaveAccessibleDescription("You have this note already.");
        await add("Feed the cat", "3");
        await expect(notes.getByRole("listitem")).toHaveCount(2);
        await add("One more", "3");
        await expect(page.getByRole("alert").filter({ hasText: "You have 2 notes already" })).toBeVisible();

        await page.getByRole("button", { name: "Change Feed the cat" }).click();
        const changed = notes.getByLabel("Note", { exact: true });
        await changed.fill("Buy milk");
        await notes.getByRole("button", { name: "Save note" }).click();
        await expect(changed).toHaveAccessibleDescription("You have this note already.");
        await changed.fill("Feed the dog");
        await notes.getByLabel("Priority").fill("1");
        await notes.getByRole("button", { name: "Save note" }).click();
        await expect(notes.getByRole("listitem").first()).toContainText("Feed the dogPriority 1");
        await page.getByRole("button", { name: "Delete Buy milk" }).click();
        await expect(notes.getByRole("listitem")).toHaveCount(1);
        await expect(notes).toBeFocused();
        await context.close();
      } finally {
        await server.stop();
      }
    });

    await test.step("the guide's browser test passes, by the guide's command", async () => {
      const [command] = /^make build && npm run .* notes\.spec\.ts$/m.exec(guide) ?? [];
      expect(command).toBeDefined();
      await run(command!);
    });

    await test.step("the test of accessibility finds the faulty page by itself", async () => {
      const media = ["frontend/out/media.html", "frontend/out/dashboard/media.html"]; // they need a faked network
      const right = media.map(read);
      await Promise.all(media.map((file) => rm(at(file))));
      const { status, words } = await tried(
        'npm run --silent test:e2e -- accessibility.spec.ts --grep "every page that was built"',
      );
      media.forEach((file, i) => write(file, right[i]!));
      expect(status, words).not.toBe(0);
      expect(words).toMatch(/pixels too wide at \S+\/faulty\n/);
      expect(words).toMatch(/image-alt: <img /);
      const named = [...words.matchAll(/(?:findings|pixels too wide) at https?:\/\/[^/]+(\S*)/g)].map(
        ([, page]) => page,
      );
      expect([...new Set(named)], "the pages of the guide have no findings").toEqual(["/faulty"]);
    });

    await test.step("its media and workers work, on public and on protected pages", async () => {
      const server = await startServer([], at(example));
      try {
        const context = await browser.newContext({ baseURL: server.origin });
        await context.route("https://*.example.com/**", (route) =>
          route.fulfill({
            contentType: "image/svg+xml",
            body: '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>',
          }),
        );
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
        /** Expects everything that the page loads to work, or to be refused as it should. */
        const wants = async (path: string, answers: string[]) => {
          await page.goto(path);
          for (const answer of answers) await expect(page.getByText(answer)).toBeVisible();
          for (const media of ["audio", "video", "recording"])
            await expect(page.getByTestId(media), media).toHaveJSProperty("readyState", 4);
          for (const image of ["blob", "allowed"])
            await expect(page.getByTestId(image), image).toHaveJSProperty("naturalWidth", 3);
          await expect(page.getByTestId("refused")).toHaveJSProperty("naturalWidth", 0);
          expect(complaints.splice(0).filter((text) => !text.includes("https://other.example.com/"))).toEqual([]);
        };
        await wants("/media", ["the page's worker: 42, 200, lazy", "the site's worker: 21, 200"]);
        await registerByForm(page, { ...person, email: `media-${person.email}` });
        await wants("/dashboard/media", ["the page's worker: 63, 200", "the site's worker: 21, 200"]);
        await page.goto("/beep.wav");
        await expect(page.locator("video")).toHaveJSProperty("readyState", 4);

        // Signed out, one gets the code of the public page's worker, and not that of the protected page's worker.
        const stranger = await browser.newContext({ baseURL: server.origin });
        const chunks = readdirSync(at("frontend/out/_next/static/chunks")).filter((name) => name.endsWith(".js"));
        const holding = (text: string) =>
          chunks.filter((name) => read(`frontend/out/_next/static/chunks/${name}`).includes(text));
        for (const [text, status] of [
          ["in the public worker", 200],
          ["in the protected worker", 404],
        ] as const) {
          expect(holding(text)).toHaveLength(1);
          const answer = await stranger.request.get(`/_next/static/chunks/${holding(text)[0]}`);
          expect(answer.status(), text).toBe(status);
        }
        await stranger.close();
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
    /** Leaves steps out, or takes wrong ones, and expects the message that helps with each. Then it puts the files back. */
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
        file: "server/access.json",
        wrong: (text) => text.replace("/team", "/taem"),
        help: /access\.json names \/taem, and there is no page frontend\/app\/taem\/page\.tsx/,
      },
      {
        file: "server/notes/notes.go",
        wrong: (text) => text.replace(`"${example}/server/access"`, `$&\n\t_ "${example}/server/auth"`),
        help: /\/server\/notes imports \S+\/server\/auth, against the layers/,
      },
      {
        file: "server/store/clock.go",
        wrong: (text) => text.replace(/.*"notes", "created_at".*\n/, ""),
        help: /notes\.created_at is not listed/,
      },
      {
        file: "server/config/config_test.go",
        wrong: (text) => text.replace(/.*"notes-max".*\n/, ""),
        help: /--notes-max is not in the table: add a row/,
      },
      {
        file: "README.md",
        wrong: (text) => text.replace(/.*`--notes-max`.*\n/, ""),
        help: /the table of settings in README\.md is stale: run go generate \.\/server\/config/,
      },
    ]);
    await mistakes("a code that the contract lacks", "go test -vet=off ./server/notes", [
      {
        file: "server/openapi.yaml",
        wrong: (text) => text.replace(/ *- out_of_range\n/, ""),
        help: /the code "out_of_range" is not listed in server\/openapi\.yaml: add it to components, schemas, FieldCode/,
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
        help: /This page is public, .* Move the page below a path of server\/access\.json, or add the feature to publicFeatures/,
      },
    ]);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
