import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, softwareGpu } from "./chromium.ts";
import type { LargeLossOutcome } from "./large-loss-page.ts";
import { bundlePage } from "./page-bundle.ts";
import { type PageServer, servePage } from "./page-server.ts";
import { mayVisit, visitPage } from "./visit-page.ts";

// On Node, WebGPU's is among the tests of packages/backend-gpujs.
describe.skipIf(!mayVisit)("a loss of more than 2^24 logits", { timeout: 120_000 }, () => {
  let browser: Browser;
  let server: PageServer;
  beforeAll(async () => {
    server = await servePage(await bundlePage("large-loss-page.ts"), "default-src 'self'; script-src 'self'");
    browser = await launchChromium(softwareGpu);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test.for(["webgl2", "webgpu"])("finds every one of them: gpujs, %s", async (mode) => {
    const { loss, expected, wrong } = await visitPage<LargeLossOutcome>(browser, `${server.url}?mode=${mode}`);
    expect(wrong).toBe(0);
    // docs/semantics.md §7, the GPU class.
    expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-6);
  });
});
