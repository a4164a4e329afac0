import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BrowserKit, openBrowserKit, type SubjectName } from "./browser-kit.ts";
import { howToGetChromium } from "./chromium.ts";
import { countsOf, expectQuickCases, failuresOf, oneInEachGroup } from "./quick-tier.ts";
import { mayVisit } from "./visit-page.ts";

if (!mayVisit) console.warn(`The tests in a browser are skipped: ${howToGetChromium}.`);

/** The least that each backend needs. A page is allowed nothing beyond it. */
const policies = {
  "plain-f32": "default-src 'self'; script-src 'self'",
  "cpu-relaxed": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  "cpu-strict": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  "workers-blob": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:",
  "workers-url": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
} satisfies Partial<Record<SubjectName, string>>;

/**
 * On Node each backend passes every case, on the engine that Chromium has. Here workers do, whose kernels are cpu's, and by the
 * queue that only a page has; of the others an eighth of each group. `pnpm nightly` runs all of them, and the full tier.
 */
const eighth = oneInEachGroup(8);
const asked: Partial<Record<SubjectName, readonly string[]>> = {
  "plain-f32": eighth,
  "cpu-relaxed": eighth,
  "cpu-strict": eighth,
  // They differ from those from a blob in how they begin.
  "workers-url": ["queue/", "memory/", "loss/values/"],
};

// The limit is generous: two cores may be busy with all the other tests.
describe.skipIf(!mayVisit)("in headless Chromium", { timeout: 300_000 }, () => {
  let kit: BrowserKit;
  const counts: string[] = [];
  beforeAll(async () => {
    kit = await openBrowserKit();
  }, 120_000);
  afterAll(async () => {
    await kit?.close();
    if (counts.length > 0) console.info(`${kit.browser}\n  ${counts.join("\n  ")}`);
  });

  for (const [subject, contentSecurityPolicy] of Object.entries(policies) as [keyof typeof policies, string][]) {
    test(`${subject} passes the quick cases asked of it under ${contentSecurityPolicy}`, async ({ skip }) => {
      const found = await kit.check(subject, { contentSecurityPolicy, only: asked[subject] });
      const [refusal] = failuresOf(found).filter((failure) => failure.includes("multiply-add rounds twice"));
      if (refusal) skip(refusal);
      counts.push(countsOf(found));
      expectQuickCases(found, asked[subject]);
      expect(found.crossOriginIsolated, "the page may share memory between threads").toBe(true);
    });
  }

  test.for(["cpu-relaxed", "cpu-strict"] as const)(
    "opening %s without 'wasm-unsafe-eval' asks for it",
    async (subject) => {
      const found = await kit.check(subject, { contentSecurityPolicy: policies["plain-f32"], only: ["kernel/fill/"] });
      expect(found.report.facts).toBeUndefined();
      expect(failuresOf(found)[0]).toMatch("'wasm-unsafe-eval'");
    },
  );

  test("opening workers without 'worker-src blob:' asks for it, or for a script of one's own", async () => {
    const found = await kit.check("workers-blob", {
      contentSecurityPolicy: policies["workers-url"],
      only: ["kernel/fill/"],
    });
    expect(found.report.facts).toBeUndefined();
    expect(failuresOf(found)[0]).toMatch(/allow 'worker-src blob:' in .*, or serve the script and give its workerUrl/);
  });

  test("a page that does not answer in time says how far it was", async () => {
    await expect(kit.check("plain-f32", { tier: "full", deadline: 1 })).rejects.toThrow(
      /no answer within 1 ms; the last case that ended: /,
    );
  });
});
