// Sees to it that there is a Chromium for the tests that need one: the system's, from Debian where this is root there, or
// npm's (Linux x64, 75 MB in node_modules/.tools). scripts/browser-kit/src/chromium.ts finds what this leaves.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tools = fileURLToPath(new URL("../node_modules/.tools/chromium", import.meta.url));
const flags = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** Whether the command ran to its end within five minutes. What it says goes to stderr. */
function runs(command, args) {
  const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2], timeout: 300_000 });
  return status === 0;
}

const isThere = () =>
  [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/google-chrome"].some((path) => path && existsSync(path)) ||
  existsSync(`${tools}/node_modules/@sparticuz/chromium/bin`);

const fromDebian = () =>
  existsSync("/etc/debian_version") &&
  process.getuid?.() === 0 &&
  runs("apt-get", ["update", "-qq"]) &&
  runs("apt-get", ["install", "-qq", "-y", "--no-install-recommends", "chromium"]);

const fromNpm = () =>
  process.platform === "linux" &&
  process.arch === "x64" &&
  runs("npm", ["install", "--prefix", tools, ...flags, "@sparticuz/chromium@153.0.0"]);

if (!isThere() && !fromDebian() && !fromNpm()) {
  console.error("install-chromium: install Chromium or Chrome by hand and set CHROMIUM_PATH to its program");
  process.exitCode = 1;
}
