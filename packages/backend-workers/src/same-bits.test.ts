import { cpu } from "@surprisal/backend-cpu";
import { describeBackend } from "@surprisal/conformance/vitest";
import { inStep } from "../testing/in-step.ts";
import { anyChunks, singleBlocks } from "../testing/schedules.ts";
import { workers } from "./index.ts";

// The kit's shapes are too small to be shared out, unless they must.
describeBackend({
  name: "workers have the bits of cpu in every quick case, each block a chunk of its own, 4 threads",
  create: () => inStep(cpu(), workers({ threads: 4, testing: { chunking: singleBlocks } })),
});
describeBackend({
  name: "and in chunks of any size, the threads being late at random, 5 threads, strict",
  create: () => {
    const testing = { chunking: anyChunks(5), faults: { seed: 1, delayEvery: 500, lateness: 1 } };
    return inStep(cpu({ variant: "strict" }), workers({ threads: 5, variant: "strict", testing }));
  },
});
