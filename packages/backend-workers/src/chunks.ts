import type { Phase } from "@surprisal/backend-cpu/kernels";
import { MOST_CHUNKS } from "./control.ts";

/** Chunks for each thread: so many that none waits long for the slowest. */
const CHUNKS_A_THREAD = 4;

/** A phase's grain is some 15 µs of work, so this is some 5 ms: a thread that does not answer is missed soon. */
const MOST_GRAINS = 256;

/** Work of fewer grains than that is done sooner by one thread. */
const FEWEST_GRAINS = 2;

/** How many blocks of a phase make a chunk. */
export type Chunking = (phase: Pick<Phase, "blocks" | "grain">, threads: number) => number;

/** How many blocks a chunk of a phase has; all of them where the phase is not worth sharing. */
export const worthwhileChunks: Chunking = ({ blocks, grain }, threads) => {
  if (threads === 1 || blocks < FEWEST_GRAINS * grain) return blocks;
  const even = Math.ceil(blocks / (threads * CHUNKS_A_THREAD));
  const wanted = Math.min(Math.max(grain, even), grain * MOST_GRAINS);
  return Math.max(wanted, Math.ceil(blocks / MOST_CHUNKS));
};
