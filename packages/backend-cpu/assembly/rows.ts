// Whole rows of floats: gathered from a table, or summed into one.
import { copyRun } from "./copy-run";
import { finish } from "./last-vector";
import { at, upperHalf } from "./simd";

/** Bytes of so many entries of an index list. In float32 a run of so many rows loses 4e-7 of Σ|x| at worst. */
const RUN: usize = 8 * 4;

/** Block r: y[r, ·] = table[indices_r, ·]. */
export function gatherRows(
  y: usize,
  table: usize,
  indices: usize,
  cols: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  if (cols == 1) {
    for (let r = begin; r < end; r++) store<u32>(at(y, r), load<u32>(at(table, load<i32>(at(indices, r)))));
    return;
  }
  const bytes = (<usize>cols) << 2;
  for (let r = begin; r < end; r++) {
    copyRun(y + <usize>r * bytes, table + <usize>load<i32>(at(indices, r)) * bytes, cols);
  }
}

/**
 * Block t: table[t, ·] = Σ values[order_j, ·] for starts_t ≤ j < starts_{t+1}, added in that order: runs of 8 rows in float32,
 * the runs in float64.
 */
export function scatterAddRows(
  table: usize,
  values: usize,
  order: usize,
  starts: usize,
  cols: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const bytes = (<usize>cols) << 2;
  for (let t = begin; t < end; t++) {
    const to = table + <usize>t * bytes;
    const first = at(order, load<i32>(at(starts, t)));
    const last = at(order, load<i32>(at(starts, t + 1)));
    if (last == first) memory.fill(to, 0, bytes);
    else if (last == first + 4) copyRun(to, values + <usize>load<i32>(first) * bytes, cols);
    else sumRows(to, values, first, last, bytes, local);
  }
}

/** The rows whose numbers stand from `first` to `last`, in strips of 16 and 4 columns. */
function sumRows(to: usize, values: usize, first: usize, last: usize, bytes: usize, local: usize): void {
  const end = to + bytes;
  for (; to + 64 <= end; to += 64, values += 64) sumSixteen(to, values, first, last, bytes);
  const start = to;
  for (; to < end; to += 16, values += 16) sumFour(end - to < 16 ? local : to, values, first, last, bytes);
  finish(to, local, end - start);
}

// @ts-ignore: decorator
@inline
function sumSixteen(to: usize, values: usize, first: usize, last: usize, bytes: usize): void {
  let low0 = f64x2.splat(0);
  let low1 = low0;
  let low2 = low0;
  let low3 = low0;
  let high0 = low0;
  let high1 = low0;
  let high2 = low0;
  let high3 = low0;
  for (let j = first; j < last; ) {
    const stop = min(j + RUN, last);
    let row = rowAt(values, j, bytes);
    let run0 = v128.load(row);
    let run1 = v128.load(row, 16);
    let run2 = v128.load(row, 32);
    let run3 = v128.load(row, 48);
    for (j += 4; j < stop; j += 4) {
      row = rowAt(values, j, bytes);
      run0 = f32x4.add(run0, v128.load(row));
      run1 = f32x4.add(run1, v128.load(row, 16));
      run2 = f32x4.add(run2, v128.load(row, 32));
      run3 = f32x4.add(run3, v128.load(row, 48));
    }
    low0 = f64x2.add(low0, f64x2.promote_low_f32x4(run0));
    low1 = f64x2.add(low1, f64x2.promote_low_f32x4(run1));
    low2 = f64x2.add(low2, f64x2.promote_low_f32x4(run2));
    low3 = f64x2.add(low3, f64x2.promote_low_f32x4(run3));
    high0 = f64x2.add(high0, f64x2.promote_low_f32x4(upperHalf(run0)));
    high1 = f64x2.add(high1, f64x2.promote_low_f32x4(upperHalf(run1)));
    high2 = f64x2.add(high2, f64x2.promote_low_f32x4(upperHalf(run2)));
    high3 = f64x2.add(high3, f64x2.promote_low_f32x4(upperHalf(run3)));
  }
  storeFour(to, low0, high0);
  storeFour(to + 16, low1, high1);
  storeFour(to + 32, low2, high2);
  storeFour(to + 48, low3, high3);
}

// @ts-ignore: decorator
@inline
function sumFour(to: usize, values: usize, first: usize, last: usize, bytes: usize): void {
  let low = f64x2.splat(0);
  let high = low;
  for (let j = first; j < last; ) {
    const stop = min(j + RUN, last);
    let run = v128.load(rowAt(values, j, bytes));
    for (j += 4; j < stop; j += 4) run = f32x4.add(run, v128.load(rowAt(values, j, bytes)));
    low = f64x2.add(low, f64x2.promote_low_f32x4(run));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upperHalf(run)));
  }
  storeFour(to, low, high);
}

/** The row whose number stands at `j`. */
// @ts-ignore: decorator
@inline
function rowAt(values: usize, j: usize, bytes: usize): usize {
  return values + <usize>load<i32>(j) * bytes;
}

// @ts-ignore: decorator
@inline
function storeFour(to: usize, low: v128, high: v128): void {
  v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
}
