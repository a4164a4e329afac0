import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.ts";

const flags = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
const repository = join(import.meta.dirname, "..", "..", "..");

/**
 * The node_modules of a manifest with exact versions, installed where the manifest is new. Such tools stay out of the
 * workspace: nobody who works on the packages waits for hundreds of megabytes that one command needs.
 * @param name of the folder in node_modules/.tools
 * @param manifest path of the package.json
 */
export async function installedTools(name: string, manifest: string): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(manifest))
    .digest("hex")
    .slice(0, 12);
  const folder = join(repository, "node_modules", ".tools", `${name}-${hash}`);
  if (!existsSync(folder)) {
    console.error(`Installing ${name} (only the first time) ...`);
    const unfinished = `${folder}.${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    try {
      await copyFile(manifest, join(unfinished, "package.json"));
      await run("npm", ["install", ...flags], { cwd: unfinished });
      // Another process may have been faster: its folder is as good.
      await rename(unfinished, folder).catch((error) => {
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return join(folder, "node_modules");
}
