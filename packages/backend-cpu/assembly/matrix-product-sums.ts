// How the sums of a matrix product are added up: runs of terms in f32, what is longer in f64, and the total, rounded
// once, is written to C with what is to be added to it.
import { at, upperHalf } from "./simd";

/** A sum along k is made of runs of so many f32 terms: 48 equal numbers are off by 7e-7 at most, 256 by 4e-6. */
export const RUN = 48;

/** totals[i] += sums[i], four at a time. */
export function addToTotals(totals: usize, sums: usize, count: i32): void {
  for (const end = at(sums, count); sums < end; sums += 16, totals += 32) {
    const run = v128.load(sums);
    v128.store(totals, f64x2.add(v128.load(totals), f64x2.promote_low_f32x4(run)));
    v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.promote_low_f32x4(upperHalf(run))), 16);
  }
}

/** sums[i] = totals[i] rounded, four at a time. */
export function roundTotals(sums: usize, totals: usize, count: i32): void {
  for (const end = at(sums, count); sums < end; sums += 16, totals += 32) {
    const low = f32x4.demote_f64x2_zero(v128.load(totals));
    const high = f32x4.demote_f64x2_zero(v128.load(totals, 16));
    v128.store(sums, v128.shuffle<i64>(low, high, 0, 2));
  }
}

/** c[j] = addend[j] + (sums[j] + bias[j]); what is at address 0 is none. The addend may be c itself. */
export function writeRow(c: usize, sums: usize, bias: usize, cols: i32, addend: usize): void {
  const end = at(c, cols);
  for (; c + 16 <= end; c += 16, sums += 16) {
    let sum = v128.load(sums);
    if (bias) {
      sum = f32x4.add(sum, v128.load(bias));
      bias += 16;
    }
    if (addend) {
      sum = f32x4.add(v128.load(addend), sum);
      addend += 16;
    }
    v128.store(c, sum);
  }
  for (; c < end; c += 4, sums += 4) {
    let sum = load<f32>(sums);
    if (bias) {
      sum += load<f32>(bias);
      bias += 4;
    }
    if (addend) {
      sum = load<f32>(addend) + sum;
      addend += 4;
    }
    store<f32>(c, sum);
  }
}
