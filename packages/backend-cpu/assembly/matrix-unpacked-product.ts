// C = op(A)·op(B) row by row and without packing: for one row it reads B once, and a small product has no more to gain.
import { MOST_ROW_COLS } from "../src/kernels/block-sizes";
import { addToTotals, RUN, roundTotals, writeRow } from "./matrix-product-sums";
import { at, multiplyAdd, promotePairs, sumOfDoubles } from "./simd";

/** The single row of a sum over rows; its stride is 0. */
const ONE = memory.data<f32>([1]);

/**
 * Block (item, column group): `group` ≤ 1024 columns (a multiple of 4) of C[item] = op(A)·B, m × n, for B stored k×n.
 * A[i, p] is `aRow`·i + `aStep`·p elements into its item. `bias` [n] or 0; `addend`, laid out as C, or 0; see writeRow.
 */
export function multiplyRows(
  c: usize,
  a: usize,
  b: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  aRow: i32,
  aStep: i32,
  addend: usize,
  group: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const groups = (n + group - 1) / group;
  const shift = addend - c;
  for (let block = begin; block < end; block++) {
    const item = <usize>(block / groups);
    const column = (block % groups) * group;
    const cols = min(group, n - column);
    const to = at(c, column) + ((item * <usize>m * <usize>n) << 2);
    const from = a + ((item * <usize>m * <usize>k) << 2);
    const right = at(b, column) + ((item * <usize>k * <usize>n) << 2);
    for (let i = 0; i < m; i++) {
      rowTimesMatrix(local, from + ((<usize>i * <usize>aRow) << 2), (<usize>aStep) << 2, right, n, k, cols);
      const row = to + ((<usize>i * <usize>n) << 2);
      writeRow(row, local, bias ? at(bias, column) : 0, cols, addend ? row + shift : 0);
    }
  }
}

/** Block: `group` ≤ 1024 columns (a multiple of 4) of y = Σ_r x[r, ·] for x [rows, cols]. */
export function sumOfRows(
  y: usize,
  x: usize,
  rows: i32,
  cols: i32,
  group: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  multiplyRows(y, ONE, x, 0, 1, cols, rows, 0, 0, 0, group, begin, end, local);
}

/**
 * Block (item, row, column group): `group` ≤ 1024 columns of a row of C[item] = A·Bᵀ, m × n, for A stored m×k and B stored n×k.
 * `bias` [n] or 0; `addend`, laid out as C, or 0; see writeRow.
 */
export function multiplyTransposed(
  c: usize,
  a: usize,
  b: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
  addend: usize,
  group: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const groups = (n + group - 1) / group;
  const shift = addend - c;
  const row = (<usize>k) << 2;
  for (let block = begin; block < end; block++) {
    const i = block / groups;
    const column = (block % groups) * group;
    const cols = min(group, n - column);
    const left = a + <usize>i * row;
    let right = b + (<usize>(i / m) * <usize>n + <usize>column) * row;
    for (let j = 0; j < cols; j++, right += row) store<f32>(at(local, j), dot(left, right, k));
    const to = at(c, column) + ((<usize>i * <usize>n) << 2);
    writeRow(to, local, bias ? at(bias, column) : 0, cols, addend ? to + shift : 0);
  }
}

/** sums[j] = Σ_p a[p]·b[p, j] for `cols` ≤ MOST_ROW_COLS columns of B, whose rows have n. */
function rowTimesMatrix(sums: usize, a: usize, step: usize, b: usize, n: i32, k: i32, cols: i32): void {
  const oneRun = k <= RUN;
  const totals = sums + MOST_ROW_COLS * 4;
  const padded = (cols + 3) & ~3;
  const row = (<usize>n) << 2;
  if (!oneRun) memory.fill(totals, 0, (<usize>padded) << 3);
  let p = 0;
  do {
    for (let j = 0; j < cols; j += 4) v128.store(at(sums, j), f32x4.splat(0));
    const end = min(p + RUN, k);
    for (; p + 4 <= end; p += 4, a += 4 * step, b += 4 * row) addFourRows(sums, a, step, b, row, cols);
    for (; p < end; p++, a += step, b += row) addRow(sums, a, b, cols);
    if (!oneRun) addToTotals(totals, sums, padded);
  } while (p < k);
  if (!oneRun) roundTotals(sums, totals, padded);
}

/** sums += a[0]·b[0, ·] + … + a[3]·b[3, ·] */
function addFourRows(sums: usize, a: usize, step: usize, b: usize, row: usize, cols: i32): void {
  const a0 = v128.load32_splat(a);
  const a1 = v128.load32_splat(a + step);
  const a2 = v128.load32_splat(a + 2 * step);
  const a3 = v128.load32_splat(a + 3 * step);
  let b1 = b + row;
  let b2 = b1 + row;
  let b3 = b2 + row;
  const end = at(sums, cols);
  for (; sums + 16 <= end; sums += 16, b += 16, b1 += 16, b2 += 16, b3 += 16) {
    let sum = multiplyAdd(a0, v128.load(b), v128.load(sums));
    sum = multiplyAdd(a1, v128.load(b1), sum);
    sum = multiplyAdd(a2, v128.load(b2), sum);
    v128.store(sums, multiplyAdd(a3, v128.load(b3), sum));
  }
  for (; sums < end; sums += 4, b += 4, b1 += 4, b2 += 4, b3 += 4) {
    let sum = load<f32>(sums) + f32x4.extract_lane(a0, 0) * load<f32>(b);
    sum += f32x4.extract_lane(a1, 0) * load<f32>(b1);
    sum += f32x4.extract_lane(a2, 0) * load<f32>(b2);
    store<f32>(sums, sum + f32x4.extract_lane(a3, 0) * load<f32>(b3));
  }
}

/** sums += a[0]·b[0, ·] */
function addRow(sums: usize, a: usize, b: usize, cols: i32): void {
  const left = v128.load32_splat(a);
  const end = at(sums, cols);
  for (; sums + 16 <= end; sums += 16, b += 16) v128.store(sums, multiplyAdd(left, v128.load(b), v128.load(sums)));
  for (; sums < end; sums += 4, b += 4) store<f32>(sums, load<f32>(sums) + load<f32>(a) * load<f32>(b));
}

/** Σ_p a[p]·b[p]: a run in each of 16 lanes, then f64. */
function dot(a: usize, b: usize, k: i32): f32 {
  let total = f64x2.splat(0);
  const zero = f32x4.splat(0);
  let p = 0;
  while (p + 4 <= k) {
    let c0 = zero;
    let c1 = zero;
    let c2 = zero;
    let c3 = zero;
    const end = min(p + RUN * 16, k & ~3);
    for (; p + 16 <= end; p += 16, a += 64, b += 64) {
      c0 = multiplyAdd(v128.load(a), v128.load(b), c0);
      c1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), c1);
      c2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), c2);
      c3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), c3);
    }
    for (; p < end; p += 4, a += 16, b += 16) c0 = multiplyAdd(v128.load(a), v128.load(b), c0);
    total = f64x2.add(total, promotePairs(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3))));
  }
  let sum = sumOfDoubles(total);
  for (; p < k; p++, a += 4, b += 4) sum += <f64>load<f32>(a) * <f64>load<f32>(b);
  return <f32>sum;
}
