import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { bundlePage } from "./page-bundle.ts";
import { type PageServer, servePage } from "./page-server.ts";
import type { Trial } from "./workers-page.ts";

const canRun = Boolean(process.env.CI) || (await chromiumPath()) !== undefined;
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";

describe.skipIf(!canRun)("workers on a page", { timeout: 120_000 }, () => {
  let browser: Browser;
  const servers: PageServer[] = [];
  let addresses: Record<"isolated" | "open", string>;
  beforeAll(async () => {
    const scripts = await bundlePage("workers-page.ts");
    const [isolated, open] = [await servePage(scripts, policy), await servePage(scripts, policy, { isolated: false })];
    servers.push(isolated, open);
    addresses = { isolated: isolated.url, open: open.url };
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.close();
  });

  /** How a trial ended, and how many workers the page has then. */
  async function run(trial: Trial, address: keyof typeof addresses = "isolated") {
    const page = await browser.newPage();
    await page.goto(`${addresses[address]}?trial=${encodeURIComponent(trial)}`);
    const said = (await page.evaluate("globalThis.outcome")) as string;
    await expect.poll(() => page.workers().length, { timeout: 10_000 }).toBe(0);
    await page.close();
    return said;
  }

  test("end when they are closed, with what was asked before", async () => {
    expect(await run("again and again")).toBe("every number was right");
  });

  test("are not taken for dead while the page's thread is busy", async () => {
    expect(await run("a busy page")).toBe("7, 8");
  });

  test("end when a signal ends their opening", async () => {
    expect(await run("a signal")).toBe("enough");
  });

  test("without a script, or without shared memory, say so", async () => {
    expect(await run("a script that is not there")).toMatch(/^its script did not load from .*\/nowhere\.js/);
    expect(await run("a page that shares nothing", "open")).toMatch(
      /^crossOriginIsolated is false: .*Cross-Origin-Opener-Policy: same-origin .*Cross-Origin-Embedder-Policy: require-corp/,
    );
  });
});
