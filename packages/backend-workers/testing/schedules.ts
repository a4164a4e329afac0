import { randomNumbers } from "@surprisal/conformance";
import type { Chunking } from "../src/chunks.ts";
import { MOST_CHUNKS } from "../src/control.ts";

/** Every block a chunk of its own, as far as a job can have chunks. */
export const singleBlocks: Chunking = ({ blocks }) => Math.max(1, Math.ceil(blocks / MOST_CHUNKS));

/** Chunks of any size, different in every phase. */
export function anyChunks(seed: number): Chunking {
  const random = randomNumbers(seed);
  return (phase) => Math.max(singleBlocks(phase, 0), Math.ceil(phase.blocks * random.uniform() ** 5));
}
