/**
 * The weights that a device can compute with: their sums, products and reciprocals must be numbers of it too, none of them
 * infinite or, where a device rounds those to 0, subnormal.
 */
import { OptionError } from "../errors.ts";

interface WeightRange {
  readonly smallest: number;
  readonly largest: number;
}

/** What a weight may be, beside 0. */
export function weightRange(floatBytes: 4 | 8): WeightRange {
  return floatBytes === 4 ? { smallest: 2 ** -126, largest: 2 ** 100 } : { smallest: 2 ** -1000, largest: 2 ** 1000 };
}

/** What a mean may divide by, beside 0: any sum of the weights of rows. */
function denominatorRange(floatBytes: 4 | 8): WeightRange {
  const { smallest, largest } = weightRange(floatBytes);
  return { smallest, largest: largest * 2 ** 23 };
}

/** Whether a weight is 0, or within the range on either side of it. */
export function isWithin(weight: number, { smallest, largest }: WeightRange): boolean {
  const size = Math.abs(weight);
  return size === 0 || (size >= smallest && size <= largest);
}

/** What the weights of rows and classes are multiplied for. */
interface WeightedTargets {
  /** −1 for a row that is not read; absent with probabilities. */
  readonly labels: ArrayLike<number> | undefined;
  readonly classWeights: Float64Array | undefined;
  readonly smoothing: number;
}

/** Checks r_i·w_j for all weights that meet in a row: w of the label, and of every class where targets are soft. */
export function checkWeightProducts(
  op: string,
  rowWeights: Float64Array | undefined,
  { labels, classWeights, smoothing }: WeightedTargets,
  floatBytes: 4 | 8,
): void {
  if (rowWeights === undefined || classWeights === undefined) return;
  const range = weightRange(floatBytes);
  const isSoft = labels === undefined || smoothing !== 0;
  const heaviest = classWeights.reduce((a, b) => Math.max(a, b));
  for (const [row, r] of rowWeights.entries()) {
    if (labels !== undefined && labels[row]! < 0) continue;
    const own = labels === undefined ? heaviest : classWeights[labels[row]!]!;
    for (const w of isSoft ? [own, heaviest] : [own]) {
      if (r === 0 || w === 0 || isWithin(r * w, range)) continue;
      throw new OptionError(
        `${op}: a row weight times a class weight on this device is 0 or from ${range.smallest} to ${range.largest} in size, and row ${row} has ${r} · ${w}; scale the weights, a mean by them stays the same`,
      );
    }
  }
}

/** Checks what a mean divides by, given or counted. */
export function checkDivisor(op: string, divisor: number | undefined, floatBytes: 4 | 8): void {
  const range = denominatorRange(floatBytes);
  if (divisor === undefined || isWithin(divisor, range)) return;
  throw new OptionError(
    `${op}: what a mean divides by is on this device 0 or from ${range.smallest} to ${range.largest}, not ${divisor}; scale the denominator, or the weights that it is the sum of`,
  );
}
