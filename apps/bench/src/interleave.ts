/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** A sample lasts at least so long: short runs are repeated. */
  readonly sampleMs: number;
}

const WARM_UP_CALLS = 8;
const WARM_UP_MS = 200;

type Run = () => void | Promise<void>;

/**
 * Times runs side by side: every round takes one sample of each, so that a machine that slows down slows all of them
 * down, and ratios within a round stay true. Who comes first changes from round to round.
 * @returns milliseconds a run, [run][round]
 */
export async function interleave(runs: readonly Run[], { rounds, sampleMs }: Effort): Promise<number[][]> {
  const repeats: number[] = [];
  for (const run of runs) repeats.push(await warmUp(run, sampleMs));
  const samples: number[][] = runs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < runs.length; i++) {
      const turn = (i + round) % runs.length;
      samples[turn]!.push(await sample(runs[turn]!, repeats[turn]!));
    }
  }
  return samples;
}

/** Runs until the engine's compilers have done their work; returns how many runs make a sample. */
async function warmUp(run: Run, sampleMs: number): Promise<number> {
  const start = performance.now();
  for (let calls = 0; calls < WARM_UP_CALLS || performance.now() - start < WARM_UP_MS; calls++) await run();
  // Twice, because one sample may be hit by something else on the machine.
  const shortest = Math.min(await sample(run, 1), await sample(run, 1), await sample(run, 4));
  return Math.max(1, Math.ceil(sampleMs / shortest));
}

async function sample(run: Run, calls: number): Promise<number> {
  const start = performance.now();
  for (let call = 0; call < calls; call++) {
    const pending = run();
    // Awaiting nothing would cost a microtask, which is much beside a small kernel.
    if (pending !== undefined) await pending;
  }
  return (performance.now() - start) / calls;
}
