// Sees to it that there is a Chromium for the tests that need one: the system's, from Debian where this is root there, or
// npm's (Linux x64, 75 MB in node_modules/.tools). scripts/browser-kit/src/chromium.ts finds what this leaves. On Debian it
// brings Vulkan's loader too: with it and the driver in software of Debian's Chromium, there is WebGPU on Node.
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

const isDebian = existsSync("/etc/debian_version") && process.getuid?.() === 0;
const fromDebian = (...packages) =>
  isDebian &&
  runs("apt-get", ["update", "-qq"]) &&
  runs("apt-get", ["install", "-qq", "-y", "--no-install-recommends", ...packages]);

const hasVulkan = () =>
  ["x86_64", "aarch64"].some((machine) => existsSync(`/usr/lib/${machine}-linux-gnu/libvulkan.so.1`));

const fromNpm = () =>
  process.platform === "linux" &&
  process.arch === "x64" &&
  runs("npm", ["install", "--prefix", tools, ...flags, "@sparticuz/chromium@153.0.0"]);

if (!isThere() && !fromDebian("chromium", "libvulkan1") && !fromNpm()) {
  console.error("install-chromium: install Chromium or Chrome by hand and set CHROMIUM_PATH to its program");
  process.exitCode = 1;
}
// Without it the tests of WebGPU on Node say what they need: no reason to stop here.
if (isDebian && !hasVulkan()) fromDebian("libvulkan1");
