import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, softwareGpu } from "./chromium.ts";
import type { MinifiedOutcome } from "./minified-page.ts";
import { bundlePage } from "./page-bundle.ts";
import { servePage } from "./page-server.ts";
import { mayVisit, visitPage } from "./visit-page.ts";

const isBuilt = existsSync(new URL("../../../packages/backend-gpujs/dist/vendor/gpu.js", import.meta.url));
if (mayVisit && !isBuilt)
  console.warn("Bundles of what is published are skipped: there is no dist, run the build first.");

/** The page as one minified script, by the bundler, from our sources or from what is published. */
const bundlers = {
  vite: (conditions: readonly string[]) => bundlePage("minified-page.ts", { conditions, minify: true }),
  async esbuild(conditions: readonly string[]) {
    const { outputFiles } = await esbuild.build({
      entryPoints: [fileURLToPath(new URL("minified-page.ts", import.meta.url))],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      conditions: [...conditions],
      write: false,
      logLevel: "error",
    });
    return new Map([["page.js", outputFiles[0]!.text]]);
  },
};

describe.skipIf(!mayVisit)("a minified bundle under script-src 'self'", { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(softwareGpu);
  });
  afterAll(() => browser?.close());

  describe.for(["vite", "esbuild"] as const)("by %s", (bundler) => {
    const from = { "the sources": ["@surprisal/source"], "what is published": [] };
    describe.for(["the sources", "what is published"] as const)("from %s", (origin) => {
      test.skipIf(origin === "what is published" && !isBuilt && !process.env.CI)(
        "computes by both ways, and leaves window.GPU alone",
        async () => {
          const scripts = await bundlers[bundler](from[origin]);
          const kilobytes = [...scripts.values()].reduce((sum, code) => sum + code.length, 0) / 1000;
          console.info(`${bundler} from ${origin}: ${kilobytes.toFixed(0)} kB`);
          const server = await servePage(scripts, "default-src 'self'; script-src 'self'");
          const { webgl2, webgpu, intact } = await visitPage<MinifiedOutcome>(browser, server.url);
          await server.close();
          // 2e^−50, whose GPU tolerance is 2e-5·(1 + 50/10) (docs/semantics.md §7).
          for (const loss of [webgl2, webgpu]) expect(Math.abs(loss / (2 * Math.exp(-50)) - 1)).toBeLessThan(1.2e-4);
          expect(intact).toBe(true);
        },
      );
    });
  });
});
