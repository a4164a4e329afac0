/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** A sample lasts at least so long: short runs are repeated. */
  readonly sampleMs: number;
  /** How long each runs before it is timed (default 200): code that runs rarely is compiled late. */
  readonly warmUpMs?: number;
  /** What takes longer than this for all of its rounds takes part in the first ones alone (default: no limit). */
  readonly mostMs?: number;
}

const WARM_UP_CALLS = 8;

type Run = () => void | Promise<void>;

/** A run, and where it has one its own way to take a sample: milliseconds a run, of so many. */
export interface Runner {
  run(): void | Promise<void>;
  sample?(calls: number): Promise<number>;
}

interface Turn {
  readonly sample: (calls: number) => Promise<number>;
  /** Runs in a sample. */
  readonly repeats: number;
  readonly rounds: number;
}

/**
 * Times runs side by side: every round takes one sample of each, so that a machine that slows down slows all of them
 * down, and ratios within a round stay true. Who comes first changes from round to round.
 * @returns milliseconds a run, [run][round]; of all rounds, unless `mostMs` says otherwise
 */
export async function interleave(runs: readonly (Run | Runner)[], effort: Effort): Promise<number[][]> {
  const turns: Turn[] = [];
  for (const run of runs) turns.push(await warmUp(typeof run === "function" ? { run } : run, effort));
  const samples: number[][] = runs.map(() => []);
  for (let round = 0; round < effort.rounds; round++) {
    for (let i = 0; i < turns.length; i++) {
      const turn = (i + round) % turns.length;
      const { sample, repeats, rounds } = turns[turn]!;
      if (round < rounds) samples[turn]!.push(await sample(repeats));
    }
  }
  return samples;
}

/** Runs until the engine's compilers have done their work, and finds out how many runs make a sample. */
async function warmUp(runner: Runner, { rounds, sampleMs, warmUpMs = 200, mostMs = Infinity }: Effort): Promise<Turn> {
  const sample = (calls: number) => (runner.sample ? runner.sample(calls) : timed(runner.run, calls));
  const start = performance.now();
  let shortest = Infinity;
  for (let calls = 0; calls < WARM_UP_CALLS || performance.now() - start < warmUpMs; calls++) {
    shortest = Math.min(shortest, await sample(1));
    if (performance.now() - start > Math.max(mostMs / 2, warmUpMs)) break;
  }
  if (shortest < sampleMs) shortest = Math.min(shortest, await sample(4));
  const repeats = Math.max(1, Math.ceil(sampleMs / shortest));
  return { sample, repeats, rounds: Math.max(1, Math.min(rounds, Math.floor(mostMs / (repeats * shortest)))) };
}

/** Milliseconds a run, of so many in a row. */
export async function timed(run: Run, calls: number): Promise<number> {
  const start = performance.now();
  for (let call = 0; call < calls; call++) {
    const pending = run();
    // Awaiting nothing would cost a microtask, which is much beside a small kernel.
    if (pending !== undefined) await pending;
  }
  return (performance.now() - start) / calls;
}
