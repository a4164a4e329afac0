// What installing the packed package costs a project, with gpu.js bundled as it is and with gpu.js as a package beside it:
// seconds, megabytes and whether it succeeds, by npm and by pnpm, with nothing cached. Build first.
//   pnpm --filter @surprisal/backend-gpujs installs
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const temp = mkdtempSync(join(tmpdir(), "installs-"));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const run = (command, args, cwd) => spawnSync(command, args, { cwd, encoding: "utf8" });

/** Packs a package of ours; the tarball's path. */
function pack(name) {
  run("pnpm", ["--filter", `@surprisal/${name}`, "pack", "--pack-destination", temp], root);
  return join(
    temp,
    readdirSync(temp).find((file) => file.includes(`-${name}-`)),
  );
}

/** Of each file once, however many links lead to it. */
function megabytes(folder) {
  const sizes = new Map();
  for (const path of readdirSync(folder, { recursive: true })) {
    const { ino, size } = lstatSync(join(folder, path));
    sizes.set(ino, size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0) / 1e6;
}

const [core, gpujs] = [pack("core"), pack("backend-gpujs")];
const rows = [];
for (const beside of [[], ["gpu.js@2.24.1"]]) {
  for (const tool of ["npm", "pnpm"]) {
    const project = join(temp, `${tool}${beside.length}`);
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), '{ "private": true }');
    // The published package finds core in the registry; pnpm looks nowhere else unless it is told.
    writeFileSync(join(project, "pnpm-workspace.yaml"), `overrides:\n  "@surprisal/core": "file:${core}"\n`);
    const cache = join(temp, `${tool}${beside.length}-cache`);
    const args =
      tool === "npm"
        ? ["install", "--no-audit", "--no-fund", "--cache", cache, core, gpujs, ...beside]
        : ["add", "--store-dir", cache, `--config.cache-dir=${cache}`, gpujs, ...beside];
    const start = performance.now();
    const { status } = run(tool, args, project);
    const seconds = (performance.now() - start) / 1000;
    rows.push([
      beside[0] ?? "bundled",
      tool,
      seconds.toFixed(1),
      megabytes(join(project, "node_modules")).toFixed(0),
      status,
    ]);
  }
}
rmSync(temp, { recursive: true });
console.log("| gpu.js | by | seconds | MB | exit code |\n|---|---|---|---|---|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
