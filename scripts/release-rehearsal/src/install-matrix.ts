import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Check, check } from "./check.ts";
import type { Registry } from "./registry.ts";
import { type PublishedPackage, publishedPackages } from "./repository.ts";
import { run } from "./run.ts";
import type { User } from "./users.ts";

export type Installer = "npm" | "pnpm";

const commands: Readonly<Record<Installer, readonly string[]>> = {
  npm: ["install", "--no-audit", "--no-fund", "--loglevel=error"],
  pnpm: ["add", "--config.minimum-release-age=0"],
};

/** Installs one package from the registry into an empty folder and lets every user use it there. */
async function installAlone(
  { name, folder }: PublishedPackage,
  installer: Installer,
  users: readonly User[],
  registry: Registry,
  scratch: string,
): Promise<Check[]> {
  const project = join(scratch, `${installer}-${folder}`);
  await mkdir(project, { recursive: true });
  await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
  const installed = await check(`installed by ${installer}`, name, () =>
    run(installer, [...commands[installer], name], { cwd: project, env: registry.env }),
  );
  if (installed.failure !== undefined) return [installed];
  await cp(join(import.meta.dirname, "..", "programs"), project, { recursive: true });
  const checks = [installed];
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
