// The tiles of a matrix product: sums that stay in registers while k passes.
import { PANEL } from "../src/kernels/block-sizes";
import { multiplyAdd } from "./simd";

/**
 * Rows of the tallest tile. Its sums, two vectors of B and one of A fill 15 registers; where products are rounded
 * apart from the sums they need a register too, and six rows would not stay in registers.
 */
export const TALL = RELAXED ? 6 : 4;

/**
 * out[r, ·] = Σ_{p < k} a_r[p]·b[p, ·] for 6 rows × 8 columns; with `add`, that is added to `out`. Rows of A lie `row` bytes
 * apart, the elements of a row `step` bytes.
 */
export function multiplySixRows(
  out: usize,
  outRow: usize,
  a: usize,
  row: usize,
  step: usize,
  b: usize,
  k: i32,
  add: bool,
): void {
  let a0 = a;
  let a1 = a + row;
  let a2 = a + 2 * row;
  let a3 = a + 3 * row;
  let a4 = a + 4 * row;
  let a5 = a + 5 * row;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (const end = b + <usize>k * (PANEL * 4); b < end; b += PANEL * 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let left = v128.load32_splat(a0);
    c00 = multiplyAdd(left, b0, c00);
    c01 = multiplyAdd(left, b1, c01);
    left = v128.load32_splat(a1);
    c10 = multiplyAdd(left, b0, c10);
    c11 = multiplyAdd(left, b1, c11);
    left = v128.load32_splat(a2);
    c20 = multiplyAdd(left, b0, c20);
    c21 = multiplyAdd(left, b1, c21);
    left = v128.load32_splat(a3);
    c30 = multiplyAdd(left, b0, c30);
    c31 = multiplyAdd(left, b1, c31);
    left = v128.load32_splat(a4);
    c40 = multiplyAdd(left, b0, c40);
    c41 = multiplyAdd(left, b1, c41);
    left = v128.load32_splat(a5);
    c50 = multiplyAdd(left, b0, c50);
    c51 = multiplyAdd(left, b1, c51);
    a0 += step;
    a1 += step;
    a2 += step;
    a3 += step;
    a4 += step;
    a5 += step;
  }
  writeTileRow(out, c00, c01, add);
  writeTileRow(out + outRow, c10, c11, add);
  writeTileRow(out + 2 * outRow, c20, c21, add);
  writeTileRow(out + 3 * outRow, c30, c31, add);
  writeTileRow(out + 4 * outRow, c40, c41, add);
  writeTileRow(out + 5 * outRow, c50, c51, add);
}

/** The same for 4 rows. */
export function multiplyFourRows(
  out: usize,
  outRow: usize,
  a: usize,
  row: usize,
  step: usize,
  b: usize,
  k: i32,
  add: bool,
): void {
  let a0 = a;
  let a1 = a + row;
  let a2 = a + 2 * row;
  let a3 = a + 3 * row;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (const end = b + <usize>k * (PANEL * 4); b < end; b += PANEL * 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let left = v128.load32_splat(a0);
    c00 = multiplyAdd(left, b0, c00);
    c01 = multiplyAdd(left, b1, c01);
    left = v128.load32_splat(a1);
    c10 = multiplyAdd(left, b0, c10);
    c11 = multiplyAdd(left, b1, c11);
    left = v128.load32_splat(a2);
    c20 = multiplyAdd(left, b0, c20);
    c21 = multiplyAdd(left, b1, c21);
    left = v128.load32_splat(a3);
    c30 = multiplyAdd(left, b0, c30);
    c31 = multiplyAdd(left, b1, c31);
    a0 += step;
    a1 += step;
    a2 += step;
    a3 += step;
  }
  writeTileRow(out, c00, c01, add);
  writeTileRow(out + outRow, c10, c11, add);
  writeTileRow(out + 2 * outRow, c20, c21, add);
  writeTileRow(out + 3 * outRow, c30, c31, add);
}

// @ts-ignore: decorator
@inline
function writeTileRow(out: usize, low: v128, high: v128, add: bool): void {
  v128.store(out, add ? f32x4.add(v128.load(out), low) : low);
  v128.store(out, add ? f32x4.add(v128.load(out, 16), high) : high, 16);
}
