import { inWords } from "./bytes-in-words.ts";
import { PAGE_BYTES, TensorMemory } from "./tensor-memory.ts";

/**
 * The maxima that are tried, in pages: 4, 2, 1 and 0.5 GiB. An engine may reserve the addresses at once, and where they
 * are scarce it refuses. The last page below 2^32 is never used, so that the address of an end does not wrap to 0.
 */
const MAXIMA = [65_535, 32_768, 16_384, 8192];

const INITIAL_PAGES = 16;

/** A memory with the largest maximum that is to be had; with `shared`, one that other threads may have too. */
export function openMemory(shared = false): TensorMemory {
  let cause: unknown;
  for (const maximum of MAXIMA) {
    try {
      const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
      return new TensorMemory(memory, maximum * PAGE_BYTES);
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(
    `the system has no room for a WebAssembly memory of ${inWords(MAXIMA.at(-1)! * PAGE_BYTES)}; close other devices first`,
    { cause },
  );
}
