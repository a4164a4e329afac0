import { cpu } from "@surprisal/backend-cpu";
import { randomNumbers } from "@surprisal/conformance";
import type { Backend, HostArray } from "@surprisal/core";
import { workers } from "../src/index.ts";
import { sameBits } from "./in-step.ts";
import { largeCalls, outcome } from "./large-calls.ts";
import { anyChunks } from "./schedules.ts";

export interface SoakOptions {
  readonly seed: number;
  /** So many workers are to die. */
  readonly deaths: number;
  readonly threads?: number;
  /** The longest that a call and the reads of its results may take, in milliseconds. */
  readonly deadline?: number;
  readonly onProgress?: (soFar: SoakReport) => void;
}

export interface SoakReport {
  /** How many workers died, by what was noticed of it. */
  readonly deaths: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly openings: number;
  /** Milliseconds that the slowest call took, its reads included. */
  readonly slowest: number;
}

const opening = {
  onError(error: Error) {
    throw error;
  },
};

/** So many calls are made on one pool. */
const CALLS_A_POOL = 400;

/**
 * Large calls on a pool whose workers die, hang and are late at random, in chunks of random sizes: every result is compared
 * bit by bit with cpu's.
 * @throws Error for a wrong bit, a call that fails or one that hangs
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, deaths: wanted, threads = 6, deadline = 20_000, onProgress } = options;
  const expected = await expectations();
  const random = randomNumbers("soak", seed);
  const deaths: Record<string, number> = {};
  let [died, calls, openings, slowest] = [0, 0, 0, 0];
  const onDeath = (reason: string): void => {
    died++;
    deaths[reason] = (deaths[reason] ?? 0) + 1;
  };
  const report = (): SoakReport => ({ deaths: { ...deaths }, calls, openings, slowest });
  while (died < wanted) {
    openings++;
    const faults = { seed: seed + 7919 * openings, killEvery: 60, hangEvery: 15_000, delayEvery: 300, lateness: 2 };
    const testing = { chunking: anyChunks(seed + openings), patienceMs: 300, faults, onDeath };
    const backend = (await workers({ threads, testing }).open(opening)) as Backend;
    for (let i = 0; i < CALLS_A_POOL && died < wanted; i++) {
      const which = random.integer(largeCalls.length);
      const start = performance.now();
      const found = await within(deadline, outcome(backend, largeCalls[which]!), largeCalls[which]!.name);
      slowest = Math.max(slowest, performance.now() - start);
      for (const [j, array] of expected[which]!.entries()) sameBits(array, found[j]!);
      if (++calls % 100 === 0) onProgress?.(report());
    }
    await within(deadline, backend.close(), "close");
  }
  return report();
}

async function expectations(): Promise<HostArray[][]> {
  const reference = (await cpu().open(opening)) as Backend;
  const all: HostArray[][] = [];
  for (const call of largeCalls) all.push(await outcome(reference, call));
  await reference.close();
  return all;
}

function within<T>(milliseconds: number, work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no end within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
