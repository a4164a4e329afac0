// Rehearses a release on this machine: versions, builds and publishes a copy of the working tree to a registry of its
// own, and installs each package alone, as users would. `--quick` uses npm and the given Node alone.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "@surprisal/tool-kit/run";
import { type Check, check } from "./check.ts";
import { type Installer, installMatrix, useTogether } from "./install-matrix.ts";
import { openRegistry } from "./registry.ts";
import { releasedCopy } from "./released-copy.ts";
import { table } from "./table.ts";
import { checkTarballs } from "./tarballs.ts";
import { allUsers, node } from "./users.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    node: { type: "string", default: process.execPath },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(`pnpm release:rehearse [--quick] [--node PATH]

Publishes the next version of every package to a registry on this machine, installs each alone and uses it.
  --quick      only with npm and one Node; .ci/run does this
  --node PATH  the Node of --quick and of the kit's quick tier (default: this one)`);
  process.exit(0);
}

const scratch = await mkdtemp(join(tmpdir(), "release-"));
const folder = async (name: string) => {
  await mkdir(join(scratch, name));
  return join(scratch, name);
};
const checks: Check[] = [];
let together = "";
try {
  // While it is fetched, where this is the first rehearsal, the copies are built.
  const opening = openRegistry(await folder("registry"));
  opening.catch(() => {}); // Told below.
  const [copy, second] = [await folder("copy"), await folder("second-copy")];
  const built = await check("release", "version and build", async () => {
    // Both come to their end, so that nothing is still written when the folder is removed.
    for (const built of await Promise.allSettled([releasedCopy(copy), releasedCopy(second)])) {
      if (built.status === "rejected") throw built.reason;
    }
  });
  checks.push(built);
  const registry = await opening;
  try {
    if (built.failure === undefined) {
      checks.push(...(await checkTarballs(copy, second, await folder("tarballs"))));
      const published = await check("release", "publish", () =>
        run("pnpm", ["exec", "changeset", "publish"], { cwd: copy, env: { ...registry.env, CI: "true" } }),
      );
      checks.push(published);
      if (published.failure === undefined) {
        const installers: Installer[] = options.quick ? ["npm"] : ["npm", "pnpm"];
        const users = options.quick ? [node("Node", options.node)] : await allUsers();
        const projects = await folder("projects");
        checks.push(...(await installMatrix(installers, users, registry, projects)));
        checks.push(
          await check("release", "the README's loop and the kit's quick tier with all packages", async () => {
            together = await useTogether(options.node, registry, projects);
          }),
        );
      }
    }
  } finally {
    await registry.close();
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
console.log(table(checks));
const failed = checks.filter(({ failure }) => failure !== undefined);
for (const { group, name, failure } of failed) console.error(`\n${group}: ${name}: ${failure}`);
console.log(together.trim());
const [passed = 0, , skipped = 0] = (together.trim().split("\n").at(-1) ?? "").match(/\d+/g)?.map(Number) ?? [];
console.log(`${checks.length - failed.length + passed} passed, ${failed.length} failed, ${skipped} skipped`);
if (failed.length > 0) process.exitCode = 1;
