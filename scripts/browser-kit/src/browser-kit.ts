import type { Tier } from "@surprisal/conformance";
import type { Page } from "playwright";
import { type ChromiumOptions, launchChromium } from "./chromium.ts";
import type { Outcome } from "./page.ts";
import { bundlePage } from "./page-bundle.ts";
import { servePage } from "./page-server.ts";
import type { SubjectName } from "./subjects.ts";

export { softwareGpu } from "./chromium.ts";
export type { Outcome } from "./page.ts";
export type { SubjectName } from "./subjects.ts";

/** Allows nothing but own files and WebAssembly: what a careful site would set. */
const strictPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

export interface CheckInBrowserOptions {
  /** `quick` if absent. */
  readonly tier?: Tier | undefined;
  /** 1 if absent. */
  readonly seed?: number | undefined;
  /** Only the cases of these ids, or of ids that begin so, up to a `/`. */
  readonly only?: readonly string[] | undefined;
  /** Whether to give what the backend answered, too. */
  readonly answers?: true | undefined;
  /** `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'` if absent. */
  readonly contentSecurityPolicy?: string | undefined;
  /** The longest that the whole check may take, in milliseconds; 4 minutes (`full`: half an hour) if absent. */
  readonly deadline?: number | undefined;
}

export interface BrowserKit {
  /** Such as `Chromium 156.0.8078.79`. */
  readonly browser: string;
  /**
   * Runs the conformance kit on a backend, on a page of its own.
   * @throws Error if the page fails or gives no answer; a wrong backend does not throw but stands in the report
   */
  check(subject: SubjectName, options?: CheckInBrowserOptions): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * The conformance kit in headless Chromium. Close it at the end.
 * @throws Error if there is no Chromium, with the command that installs one
 * @example
 * const kit = await openBrowserKit();
 * const { report } = await kit.check("cpu-strict", { tier: "full" });
 * await kit.close();
 */
export async function openBrowserKit(options: ChromiumOptions = {}): Promise<BrowserKit> {
  const scripts = await bundlePage();
  const browser = await launchChromium(options);
  return {
    browser: `Chromium ${browser.version()}`,
    async check(subject, { contentSecurityPolicy = strictPolicy, deadline, only = [], ...asked } = {}) {
      const longest = deadline ?? (asked.tier === "full" ? 1_800_000 : 240_000);
      const page = await browser.newPage();
      const server = await servePage(scripts, contentSecurityPolicy);
      try {
        return await outcome(page, `${server.url}?${addressOf({ subject, ...asked })}`, only, longest);
      } finally {
        await page.close();
        await server.close();
      }
    },
    close: () => browser.close(),
  };
}

function addressOf(options: Readonly<Record<string, string | number | boolean | undefined>>): URLSearchParams {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

/** Opens the page and waits for what it finds out. */
async function outcome(page: Page, address: string, only: readonly string[], deadline: number): Promise<Outcome> {
  let lastCase = "none";
  page.on("console", (message) => {
    if (message.type() === "debug") lastCase = message.text();
  });
  const broken = new Promise<never>((_, reject) => {
    const fail = (what: string) => reject(new Error(`${address}: ${what}; the last case that ended: ${lastCase}`));
    page.on("pageerror", (error) => fail(error.message));
    page.on("crash", () => fail("the page crashed"));
    page.on("requestfailed", (request) => fail(`${request.url()} did not load`));
    // A page that computes without end can be neither asked nor closed; this ends the wait for it, `close` the browser.
    const timer = setTimeout(() => fail(`no answer within ${deadline} ms`), deadline);
    page.on("close", () => clearTimeout(timer));
  });
  const answer = async () => {
    await page.goto(`${address}#${only.join()}`, { timeout: 0 });
    return (await page.evaluate("globalThis.outcome")) as Outcome;
  };
  return Promise.race([answer(), broken]);
}
