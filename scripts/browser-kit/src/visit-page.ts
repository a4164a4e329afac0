import type { Browser, Page } from "playwright";
import { chromiumPath } from "./chromium.ts";

/** Where CI is set there must be a browser, and without one tests fail. Elsewhere they are skipped. */
export const mayVisit: boolean = Boolean(process.env.CI) || (await chromiumPath()) !== undefined;

/** What a page leaves in `globalThis.outcome`, or the promise there resolves to. */
export async function visitPage<T>(browser: Browser, address: string, watch?: (page: Page) => void): Promise<T> {
  const page = await browser.newPage();
  watch?.(page);
  try {
    await page.goto(address);
    return (await page.evaluate("globalThis.outcome")) as T;
  } finally {
    await page.close();
  }
}
