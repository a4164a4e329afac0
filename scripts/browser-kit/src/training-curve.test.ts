import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs/node";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, softwareGpu } from "./chromium.ts";
import { bundlePage } from "./page-bundle.ts";
import { type PageServer, servePage } from "./page-server.ts";
import { largestDeviation, lossCurve, type TargetKind, targetKinds } from "./training-curve.ts";
import { mayVisit, visitPage } from "./visit-page.ts";

// The backend's own tests say why, where it cannot be opened.
const canRunOnNode = Boolean(process.env.CI) || (await opens());

async function opens(): Promise<boolean> {
  try {
    await (await gpujs().open({ onError: () => {} })).close();
    return true;
  } catch {
    return false;
  }
}

/** `pnpm nightly` takes the trainer's own network. */
const size = process.env.NIGHTLY ? "full" : "quick";

/** What the same steps lose in float64, computed once for each kind of targets. */
const expected = new Map<TargetKind, Promise<number[]>>();
function exact(kind: TargetKind): Promise<number[]> {
  const known = expected.get(kind) ?? lossCurve(plain({ precision: "f64" }), kind, size);
  expected.set(kind, known);
  return known;
}

async function expectToFollow(name: string, kind: TargetKind, found: readonly number[]): Promise<void> {
  const curve = await exact(kind);
  const deviation = largestDeviation(found, curve);
  const [first, last] = [curve[0]!, curve.at(-1)!];
  console.info(`${name}, ${kind}: loss ${first.toFixed(3)} → ${last.toFixed(3)}, off by ${deviation.toExponential(1)}`);
  expect(found.length).toBe(60);
  expect(last).toBeLessThan(first / 2);
  expect(deviation).toBeLessThan(1e-6);
}

describe("a perceptron as the trainer's follows the float64 loss to 1e-6 of max(1, loss) over 60 steps", {
  timeout: 300_000,
}, () => {
  describe.skipIf(!mayVisit)("in headless Chromium", () => {
    let browser: Browser;
    let server: PageServer;
    beforeAll(async () => {
      server = await servePage(await bundlePage("training-curve-page.ts"), "default-src 'self'; script-src 'self'");
      browser = await launchChromium(softwareGpu);
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    test.for(["gpujs-webgl2", "gpujs-webgpu"])("%s with every kind of targets", async (subject) => {
      const address = `${server.url}?${new URLSearchParams({ subject, size })}`;
      const found = await visitPage<Record<TargetKind, number[]>>(browser, address);
      for (const kind of targetKinds) await expectToFollow(subject, kind, found[kind]);
    });
  });

  test.skipIf(!canRunOnNode).for(targetKinds)("gpujs on Node with %s", async (kind) => {
    await expectToFollow("gpujs on Node", kind, await lossCurve(gpujs(), kind, size));
  });
});
