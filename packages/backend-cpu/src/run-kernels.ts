import type { Kernels } from "@surprisal/core";
import { type CpuHandle, told } from "./cpu-handle.ts";
import type { KernelTable, Phase, PhaseRunner, Scratch } from "./kernels/index.ts";
import { type Block, UNIT_BYTES } from "./memory/block-allocator.ts";
import type { TensorMemory } from "./memory/tensor-memory.ts";

/** What an open backend has until it is closed. */
export interface Opened {
  readonly tensors: TensorMemory;
  /** Runs the kernels, linked to that memory. */
  readonly runPhase: PhaseRunner;
}

type Named = { readonly [name: string]: CpuHandle | undefined };
type Plan = (outputs: Named, inputs: Named, params: unknown, scratch: Scratch) => readonly Phase[];

/** The kernels of a table, run phase after phase on this thread. */
export function kernelsOn(table: Partial<KernelTable>, live: (use: string) => Opened): Kernels<CpuHandle> {
  const taken: Block[] = [];
  const scratch = (bytes: number): number => {
    const block = live("scratch").tensors.alloc(bytes);
    taken.push(block);
    return block.start * UNIT_BYTES;
  };
  const runner = (kernel: string, plan: Plan) => (outputs: Named, inputs: Named, params: unknown) => {
    const { tensors, runPhase } = live(kernel);
    try {
      for (const phase of plan(outputs, inputs, params, scratch)) {
        if (phase.blocks > 0) runPhase(phase, 0, phase.blocks);
      }
    } catch (error) {
      throw told(error, `cpu: ${kernel}`, outputs, inputs);
    } finally {
      for (let block = taken.pop(); block !== undefined; block = taken.pop()) tensors.free(block);
    }
  };
  // Every plan has one form, which its own type only narrows.
  const plans = Object.entries(table) as unknown as [string, Plan][];
  return Object.fromEntries(
    plans.map(([kernel, plan]) => [kernel, runner(kernel, plan)]),
  ) as unknown as Kernels<CpuHandle>;
}
