import {
  type KernelTable,
  type Located,
  type Phase,
  type Scratch,
  type TensorHandle,
  type TensorMemory,
  threadedKernelTable,
  told,
} from "@surprisal/backend-cpu/kernels";
import type { Kernels } from "@surprisal/core";
import type { CallMemory, Named, Results } from "./call-memory.ts";
import { overwritesOperand } from "./overwrites-operand.ts";
import { AbandonedPhase, type Pool } from "./pool.ts";

/** What an open backend has until it is closed. */
export interface Opened {
  readonly pool: Pool;
  readonly tensors: TensorMemory;
  readonly memory: CallMemory;
}

type Plan = (
  outputs: Named<Located>,
  inputs: Named<Located>,
  params: unknown,
  scratch: Scratch,
  threads: number,
) => readonly Phase[];

/** A call that a silent worker has spoilt so often is made by the caller alone. */
const MOST_ATTEMPTS = 3;

/** The kernels of the contract, shared out over a pool. Each call computes before it returns. */
export function poolKernels(live: (use: string) => Opened): Kernels<TensorHandle> {
  const runner = (kernel: string, plan: Plan) => (outputs: Named, inputs: Named, params: unknown) => {
    const { pool, memory } = live(kernel);
    try {
      const phases = plan(outputs, inputs, params, memory.scratch, pool.threads);
      if (!pool.isWorthSharing(phases)) {
        for (const phase of phases) pool.runAlone(phase);
        return;
      }
      const planned = (results: Named<Located>) => plan(results, inputs, params, memory.scratch, pool.threads);
      share(pool, memory, outputs, planned, overwritesOperand(kernel, outputs, inputs, params) ? undefined : phases);
    } catch (error) {
      throw told(error, `workers: ${kernel}`, outputs, inputs);
    } finally {
      memory.free();
    }
  };
  // Every plan has one form, which its own type only narrows.
  const plans = Object.entries(threadedKernelTable satisfies KernelTable) as unknown as [string, Plan][];
  return Object.fromEntries(
    plans.map(([kernel, plan]) => [kernel, runner(kernel, plan)]),
  ) as unknown as Kernels<TensorHandle>;
}

/**
 * Makes a call with all threads. No chunk overwrites what another attempt at it would read: where a result would stand in
 * place of an operand (no `phases` are given), it goes to fresh memory, and so does whatever is made again.
 */
function share(
  pool: Pool,
  memory: CallMemory,
  outputs: Named,
  planned: (results: Named<Located>) => readonly Phase[],
  phases: readonly Phase[] | undefined,
): void {
  let results: Results | undefined;
  let now = phases;
  for (let attempt = 1; ; attempt++) {
    if (now === undefined) {
      results = memory.results(outputs);
      now = planned(results?.places ?? outputs);
    }
    // Where there is no room for other memory, the caller alone writes in place.
    const alone = attempt > MOST_ATTEMPTS || (results === undefined && now !== phases);
    try {
      for (const phase of now) {
        if (alone) pool.runAlone(phase);
        else pool.run(phase);
      }
      results?.takeOver();
      return;
    } catch (error) {
      if (!(error instanceof AbandonedPhase)) throw error;
      memory.abandon(results === undefined ? outputs : undefined);
      now = undefined;
    }
  }
}
