import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "./repository.ts";
import { run } from "./run.ts";

const flags = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * The node_modules of a folder of `tools`, installed where its manifest is new. They stay out of the workspace: nobody
 * who works on the packages waits for half a gigabyte of runtimes.
 */
export async function tools(group: "registry" | "users"): Promise<string> {
  const manifest = join(import.meta.dirname, "..", "tools", group, "package.json");
  const hash = createHash("sha256")
    .update(await readFile(manifest))
    .digest("hex")
    .slice(0, 12);
  const folder = join(repository, "node_modules", ".tools", `release-${group}-${hash}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    try {
      await copyFile(manifest, join(unfinished, "package.json"));
      await run("npm", ["install", ...flags], { cwd: unfinished });
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return join(folder, "node_modules");
}
