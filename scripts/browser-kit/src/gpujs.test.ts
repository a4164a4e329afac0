import { describe, test } from "vitest";
import { openBrowserKit } from "./browser-kit.ts";
import { softwareGpu } from "./chromium.ts";
import { countsOf, expectEveryQuickCase } from "./quick-tier.ts";
import { mayVisit } from "./visit-page.ts";

/** All that a GPU needs of a page's policy: gpu.js evaluates text only for the CPU. */
const contentSecurityPolicy = "default-src 'self'; script-src 'self'";

// The limit is generous: two cores may be busy with all the other tests.
describe.skipIf(!mayVisit)(
  "in headless Chromium with a GPU in software",
  { timeout: 300_000, concurrent: true },
  () => {
    // A browser each: the pages of one share its GPU process.
    test.for(["gpujs-webgl2", "gpujs-webgpu"] as const)(
      `%s passes every quick case under ${contentSecurityPolicy}`,
      async (subject) => {
        const kit = await openBrowserKit(softwareGpu);
        try {
          const found = await kit.check(subject, { contentSecurityPolicy });
          console.info(`${kit.browser}: ${countsOf(found)}`);
          expectEveryQuickCase(found);
        } finally {
          await kit.close();
        }
      },
    );
  },
);
