import { cpu } from "@surprisal/backend-cpu";
import { describeBackend } from "@surprisal/conformance/vitest";
import { inStep } from "../testing/in-step.ts";
import { workers } from "./index.ts";

// On a page, whose thread may not wait, this is the way; the browser kit tests it there.
describeBackend({
  name: "queued calls, as on a page, have the bits of cpu in every quick case",
  create: () => inStep(cpu(), workers({ threads: 3, testing: { queued: true } })),
});
