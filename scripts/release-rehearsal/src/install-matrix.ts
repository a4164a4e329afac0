import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "@surprisal/tool-kit/run";
import { type Check, check } from "./check.ts";
import type { Registry } from "./registry.ts";
import { type PublishedPackage, publishedPackages } from "./repository.ts";
import type { User } from "./users.ts";

export type Installer = "npm" | "pnpm";

const commands: Readonly<Record<Installer, readonly string[]>> = {
  npm: ["install", "--no-audit", "--no-fund", "--loglevel=error"],
  pnpm: ["add", "--config.minimum-release-age=0"],
};

/** A project in an empty folder with packages from the registry and the programs that use them. */
async function install(project: string, installer: Installer, names: readonly string[], registry: Registry) {
  await mkdir(project, { recursive: true });
  await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
  await run(installer, [...commands[installer], ...names], { cwd: project, env: registry.env });
  await cp(join(import.meta.dirname, "..", "programs"), project, { recursive: true });
}

/** Installs one package alone and lets every user use it. */
async function installAlone(
  { name, folder }: PublishedPackage,
  installer: Installer,
  users: readonly User[],
  registry: Registry,
  scratch: string,
): Promise<Check[]> {
  const project = join(scratch, `${installer}-${folder}`);
  const checks = [await check(`installed by ${installer}`, name, () => install(project, installer, [name], registry))];
  if (checks[0]!.failure !== undefined) return checks;
  for (const user of users) {
    checks.push(await check(`${installer}, ${user.name}`, name, () => user.use(project, `${folder}.js`)));
  }
  return checks;
}

/** Every package alone, by every installer, in every user's hands: a check for each cell. */
export async function installMatrix(
  installers: readonly Installer[],
  users: readonly User[],
  registry: Registry,
  scratch: string,
): Promise<Check[]> {
  const installs = installers.flatMap((installer) =>
    publishedPackages.map((one) => () => installAlone(one, installer, users, registry, scratch)),
  );
  const checks: Check[][] = [];
  // Three at a time: an install waits for the registry, a compiler for its core.
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      for (let install = installs.shift(); install; install = installs.shift()) checks.push(await install());
    }),
  );
  return checks.flat();
}

/** What the program for all packages together says on a Node: its last line counts what passed. */
export async function useTogether(node: string, registry: Registry, scratch: string): Promise<string> {
  const project = join(scratch, "together");
  const names = publishedPackages.map(({ name }) => name);
  await install(project, "npm", names, registry);
  return run(node, ["all.js"], { cwd: project });
}
