import type * as contract from "@surprisal/core";

// Backends import types only: the contract's block lengths are stated again, and their types hold them to it.
export const AXIS_BLOCK: typeof contract.AXIS_BLOCK = 4096;
export const ROW_BLOCK: typeof contract.ROW_BLOCK = 256;

/**
 * The contract's tree for `width` sums side by side, in float64. The function that it returns takes terms 0 … count − 1
 * in order, each added to its block by `add`, and merges the blocks in order. Its result lasts until its next call.
 */
export function blockSums(
  width: number,
  blockLength: number,
): (count: number, add: (block: Float64Array, term: number) => void) => Float64Array {
  const block = new Float64Array(width);
  const total = new Float64Array(width);
  return (count, add) => {
    total.fill(0);
    for (let start = 0; start < count; start += blockLength) {
      const end = Math.min(start + blockLength, count);
      block.fill(0);
      for (let term = start; term < end; term++) add(block, term);
      for (let i = 0; i < width; i++) total[i]! += block[i]!;
    }
    return total;
  };
}
