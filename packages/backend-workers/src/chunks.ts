import type { Phase } from "@surprisal/backend-cpu/kernels";
import { MOST_CHUNKS } from "./control.ts";

/** How many blocks of a phase make a chunk; all of them where it is not worth sharing. */
export type Chunking = (phase: Pick<Phase, "blocks" | "grain">, threads: number) => number;

/** Chunks for each thread: so many that none waits long for the slowest. */
const CHUNKS_A_THREAD = 4;

/** A phase's grain is some 15 µs of work, so this is some 5 ms: a thread that does not answer is missed soon. */
const MOST_GRAINS = 256;

/** Work of fewer grains than that is done sooner by one thread. */
const FEWEST_GRAINS = 3;

/** Chunks of a grain at least, as many for one thread as for the other. */
export const worthwhileChunks: Chunking = ({ blocks, grain }, threads) => {
  if (threads === 1 || blocks < FEWEST_GRAINS * grain) return blocks;
  const most = Math.min(blocks, Math.floor(blocks / grain), threads * CHUNKS_A_THREAD);
  const even = most > threads ? most - (most % threads) : most;
  return Math.max(Math.min(Math.ceil(blocks / even), mostBlocks(grain)), Math.ceil(blocks / MOST_CHUNKS));
};

/** So many blocks are computed before a thread says that it is not dead; one at least. */
export function mostBlocks(grain: number): number {
  return Math.max(1, Math.floor(grain * MOST_GRAINS));
}
