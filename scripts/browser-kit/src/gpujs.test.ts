import { describe, test } from "vitest";
import { openBrowserKit } from "./browser-kit.ts";
import { softwareGpu } from "./chromium.ts";
import { casesOfEveryShader } from "./every-shader.ts";
import { countsOf, expectQuickCases } from "./quick-tier.ts";
import { mayVisit } from "./visit-page.ts";

/** All that a GPU needs of a page's policy: gpu.js evaluates text only for the CPU. */
const contentSecurityPolicy = "default-src 'self'; script-src 'self'";

/** Here a shader may come out otherwise than in the JavaScript of the same source, so each of them runs. */
const chosen = mayVisit ? await casesOfEveryShader() : [];

/** Kernels and ops run on WebGPU on Node, on the same driver, and what is core's here. `pnpm nightly` runs all in all places. */
const ofCore = (id: string): boolean => /^(loss|gradients|queue|memory|fusion)\//.test(id);
const asked = { "gpujs-webgl2": chosen, "gpujs-webgpu": chosen.filter(ofCore) };

// The limit is generous: two cores may be busy with all the other tests.
describe.skipIf(!mayVisit)(
  "in headless Chromium with a GPU in software",
  { timeout: 300_000, concurrent: true },
  () => {
    // A browser each: the pages of one share its GPU process.
    test.for(["gpujs-webgl2", "gpujs-webgpu"] as const)(
      `%s passes the cases of every shader under ${contentSecurityPolicy}`,
      async (subject) => {
        const kit = await openBrowserKit(softwareGpu);
        try {
          const found = await kit.check(subject, { contentSecurityPolicy, only: asked[subject] });
          console.info(`${kit.browser}: ${countsOf(found)}`);
          expectQuickCases(found, asked[subject]);
        } finally {
          await kit.close();
        }
      },
    );
  },
);
