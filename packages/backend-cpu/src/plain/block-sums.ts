/** Block length of a sum along a contiguous axis (classes). */
export const AXIS_BLOCK = 4096;

/** Block length of a sum along any other axis (rows), and along the inner axis of a matrix product. */
export const ROW_BLOCK = 256;

/** Inside a block, runs of this length are summed first: 4096 equal float64 numbers in one run would be off by 1e-13. */
const RUN = 64;

/**
 * A tree fixed by the shape alone, for `width` sums side by side, in float64. The function that it returns takes terms
 * 0 … count − 1 in order, each added to its run by `add`, and merges runs into blocks and blocks into the total, in
 * order. Its result lasts until its next call.
 */
export function blockSums(
  width: number,
  blockLength: number,
): (count: number, add: (run: Float64Array, term: number) => void) => Float64Array {
  const run = new Float64Array(width);
  const block = new Float64Array(width);
  const total = new Float64Array(width);
  return (count, add) => {
    total.fill(0);
    for (let start = 0; start < count; start += blockLength) {
      const end = Math.min(start + blockLength, count);
      block.fill(0);
      for (let from = start; from < end; from += RUN) {
        run.fill(0);
        for (let term = from; term < Math.min(from + RUN, end); term++) add(run, term);
        for (let i = 0; i < width; i++) block[i]! += run[i]!;
      }
      for (let i = 0; i < width; i++) total[i]! += block[i]!;
    }
    return total;
  };
}
