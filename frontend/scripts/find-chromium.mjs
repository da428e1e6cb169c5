// Prints the path of a Chromium that runs, and installs one if there is none. Everything else goes to stderr.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";

const names = ["chromium", "chromium-browser", "google-chrome"];
const seconds = 1000;

console.log(find() ?? fail());

function find() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) return runs(chosen) ? chosen : fail(`CHROMIUM_PATH is ${chosen}, which does not run.`);

  let found = onPath() ?? playwrightsOwn();
  if (!found) {
    installWithPlaywright();
    found = playwrightsOwn();
  }
  if (!found) {
    installWithApt();
    found = onPath();
  }
  return found;
}

function onPath() {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(runs);
}

function playwrightsOwn() {
  return [chromium.executablePath()].find(runs);
}

// The file alone proves nothing: some distributions have a stub that only says where to get a browser.
function runs(file) {
  return existsSync(file) && spawnSync(file, ["--version"], { timeout: 30 * seconds }).status === 0;
}

function installWithPlaywright() {
  const cli = fileURLToPath(import.meta.resolve("@playwright/test/cli"));
  run("No Chromium found; Playwright downloads one, for two minutes at most.", 120 * seconds, process.execPath, [
    cli,
    "install",
    "chromium",
  ]);
}

function installWithApt() {
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) return;
  run("Still no Chromium; apt-get installs one.", 300 * seconds, "apt-get", ["update"]);
  run("", 900 * seconds, "apt-get", ["install", "--yes", "--no-install-recommends", "chromium"]);
}

function run(announcement, timeout, command, args) {
  if (announcement) console.error(announcement);
  const stdio = ["ignore", process.stderr, process.stderr];
  const { error, signal } = spawnSync(command, args, { stdio, timeout });
  if (error ?? signal) console.error(`${command} did not finish: ${error?.message ?? signal}`);
}

function fail(reason = "No Chromium was found and none could be installed.") {
  console.error(`${reason} Install Chromium, or set CHROMIUM_PATH to the one to use.`);
  process.exit(1);
}
