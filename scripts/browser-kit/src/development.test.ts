import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import * as esbuild from "esbuild";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../../packages/core/src/development.ts", import.meta.url));

/** Whether core, bundled for pages, looks for mistakes there, where no `process` is. */
async function looksForMistakes(define: Record<string, string>): Promise<boolean> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [source],
    bundle: true,
    format: "iife",
    globalName: "core",
    platform: "neutral",
    define,
    write: false,
    logLevel: "error",
  });
  return runInNewContext(`${outputFiles[0]!.text}; core.inDevelopment`) as boolean;
}

test("a bundle for production does not look for mistakes, one for development does, and so does one that says nothing", async () => {
  expect(await looksForMistakes({ "process.env.NODE_ENV": '"production"' })).toBe(false);
  expect(await looksForMistakes({ "process.env.NODE_ENV": '"development"' })).toBe(true);
  expect(await looksForMistakes({})).toBe(true);
});
