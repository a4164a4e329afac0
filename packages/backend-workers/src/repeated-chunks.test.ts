import { cpu } from "@surprisal/backend-cpu";
import {
  LOCAL_SCRATCH_BYTES,
  link,
  loadKernelModule,
  memoryContract,
  openMemory,
  type Phase,
  threadedKernelTable,
  UNIT_BYTES,
} from "@surprisal/backend-cpu/kernels";
import type { Backend, Facts, Kernels } from "@surprisal/core";
import { beforeAll, describe, it } from "vitest";
import { sameBits } from "../testing/in-step.ts";
import { largeCalls, outcome } from "../testing/large-calls.ts";
import { overwritesOperand } from "./overwrites-operand.ts";

const opening = { onError: () => {} };

/** A backend that computes half of every phase, and then all of it, where what it writes is not what it reads. */
async function repeating(): Promise<Backend> {
  const { module, variant } = await loadKernelModule("auto", { shared: true });
  const tensors = openMemory(true);
  const wasm = link(module, tensors.memory);
  const local = tensors.alloc(LOCAL_SCRATCH_BYTES).start * UNIT_BYTES;
  const scratch = (bytes: number): number => tensors.alloc(bytes).start * UNIT_BYTES;
  type Plan = (...call: unknown[]) => readonly Phase[];
  const kernels = Object.entries(threadedKernelTable).map(([kernel, plan]) => [
    kernel,
    (outputs: Record<string, unknown>, inputs: Record<string, unknown>, params: object) => {
      const isRepeatable = !overwritesOperand(kernel, outputs, inputs, params);
      for (const { run, args, blocks, rewrites } of (plan as Plan)(outputs, inputs, params, scratch, 4)) {
        if (isRepeatable && !rewrites) wasm[run](...args, 0, Math.ceil(blocks / 2), local);
        wasm[run](...args, 0, blocks, local);
      }
    },
  ]);
  return {
    facts: { variant } as Facts,
    kernels: Object.fromEntries(kernels) as unknown as Kernels,
    ...memoryContract("repeating", tensors.largest / 4, () => tensors),
    close: async () => {},
  } as Backend;
}

describe("a chunk that is computed again", () => {
  let [once, again]: [Backend?, Backend?] = [];
  beforeAll(async () => {
    once = (await cpu().open(opening)) as Backend;
    again = await repeating();
  });

  it.each(largeCalls)("leaves the bits as they are: $name", async (call) => {
    const [expected, found] = [await outcome(once!, call), await outcome(again!, call)];
    for (const [i, array] of expected.entries()) sameBits(array, found[i]!);
  });
});
