import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the workspace. */
export const repository = join(import.meta.dirname, "..", "..", "..");

/** A package of the workspace that is published. */
export interface PublishedPackage {
  readonly name: string;
  /** Its folder in `packages`, which is also the name of its program. */
  readonly folder: string;
}

export const publishedPackages: readonly PublishedPackage[] = readdirSync(join(repository, "packages")).flatMap(
  (folder) => {
    const manifest = JSON.parse(readFileSync(join(repository, "packages", folder, "package.json"), "utf8"));
    return manifest.private ? [] : [{ name: manifest.name, folder }];
  },
);
