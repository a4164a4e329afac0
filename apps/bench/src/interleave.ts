/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** A sample lasts at least so long: short runs are repeated. */
  readonly sampleMs: number;
  /** How long each runs before it is timed (default 200): code that runs rarely is compiled late. */
  readonly warmUpMs?: number;
}

const WARM_UP_CALLS = 8;

type Run = () => void | Promise<void>;

/**
 * Times runs side by side: every round takes one sample of each, so that a machine that slows down slows all of them
 * down, and ratios within a round stay true. Who comes first changes from round to round.
 * @returns milliseconds a run, [run][round]
 */
export async function interleave(runs: readonly Run[], effort: Effort): Promise<number[][]> {
  const { rounds } = effort;
  const repeats: number[] = [];
  for (const run of runs) repeats.push(await warmUp(run, effort));
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
async function warmUp(run: Run, { sampleMs, warmUpMs = 200 }: Effort): Promise<number> {
  const start = performance.now();
  for (let calls = 0; calls < WARM_UP_CALLS || performance.now() - start < warmUpMs; calls++) await run();
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
