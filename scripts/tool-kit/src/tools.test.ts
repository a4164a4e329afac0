import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installedTools } from "./tools.ts";

let folder: string;
const installed: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tools-"));
});
afterEach(async () => {
  for (const each of [folder, ...installed.splice(0)]) await rm(each, { recursive: true, force: true });
});

/** A manifest that needs a package of this folder, so that no registry is asked. */
async function manifest(name: string, needs: string): Promise<string> {
  await mkdir(join(folder, "needed"), { recursive: true });
  await writeFile(join(folder, "needed", "package.json"), '{ "name": "needed", "version": "1.2.3" }');
  await writeFile(join(folder, "needed", "index.js"), "module.exports = 42;");
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ private: true, dependencies: { needed: `file:${join(folder, needs)}` } }));
  return file;
}

test("a manifest is installed once, until it changes", async () => {
  const file = await manifest("good", "needed");
  const modules = await installedTools("test", file);
  installed.push(dirname(modules));
  expect(createRequire(join(modules, "x.js"))("needed")).toBe(42);
  const { ctimeMs } = await stat(modules);
  expect(await installedTools("test", file)).toBe(modules);
  expect((await stat(modules)).ctimeMs).toBe(ctimeMs);
  await writeFile(file, JSON.stringify({ private: true, description: "another", dependencies: {} }));
  const other = await installedTools("test", file);
  installed.push(dirname(other));
  expect(other).not.toBe(modules);
});

test("what cannot be installed says why and leaves nothing behind", async () => {
  const file = await manifest("bad", "missing.tgz");
  const failure = await installedTools("test-bad", file).catch((error: Error) => error);
  expect(String(failure)).toContain("missing.tgz");
  const tools = join(import.meta.dirname, "..", "..", "..", "node_modules", ".tools");
  expect(existsSync(tools) ? readdirSync(tools).filter((name) => name.startsWith("test-bad")) : []).toEqual([]);
});
