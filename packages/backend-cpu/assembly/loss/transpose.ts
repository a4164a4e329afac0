// Four rows in memory, and the same in the lanes of a tile: vector j holds class j of each row.
import { at } from "../simd";

/**
 * Fills a tile from four rows of a matrix, from `row` on; rows behind the last one are it once more. Up to 12 bytes behind a row
 * are read, and the tile has room for as many classes. Returns the largest of each lane, NaN left aside.
 */
export function transposeIn(tile: usize, matrix: usize, row: i32, lastRow: i32, classes: i32): v128 {
  const a = rowOf(matrix, row, lastRow, classes);
  const b = rowOf(matrix, row + 1, lastRow, classes);
  const c = rowOf(matrix, row + 2, lastRow, classes);
  const d = rowOf(matrix, row + 3, lastRow, classes);
  let largest = f32x4.splat(-Infinity);
  let j = 0;
  for (; j < classes; j += 4) {
    const ra = v128.load(at(a, j));
    const rb = v128.load(at(b, j));
    const rc = v128.load(at(c, j));
    const rd = v128.load(at(d, j));
    const ab = v128.shuffle<f32>(ra, rb, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(rc, rd, 0, 4, 1, 5);
    const AB = v128.shuffle<f32>(ra, rb, 2, 6, 3, 7);
    const CD = v128.shuffle<f32>(rc, rd, 2, 6, 3, 7);
    const class0 = v128.shuffle<f64>(ab, cd, 0, 2);
    const class1 = v128.shuffle<f64>(ab, cd, 1, 3);
    const class2 = v128.shuffle<f64>(AB, CD, 0, 2);
    const class3 = v128.shuffle<f64>(AB, CD, 1, 3);
    v128.store(tile, class0);
    v128.store(tile, class1, 16);
    v128.store(tile, class2, 32);
    v128.store(tile, class3, 48);
    tile += 64;
    // pmax(a, x) is a where x is NaN.
    largest = f32x4.pmax(largest, class0);
    if (j + 1 < classes) largest = f32x4.pmax(largest, class1);
    if (j + 2 < classes) largest = f32x4.pmax(largest, class2);
    if (j + 3 < classes) largest = f32x4.pmax(largest, class3);
  }
  return largest;
}

/**
 * Writes a tile, times the factor of each lane, to where {@link transposeIn} would read it; less a tile of targets times their
 * factor, where there is one.
 */
export function transposeOut(
  tile: usize,
  factors: v128,
  targets: usize,
  units: v128,
  matrix: usize,
  row: i32,
  lastRow: i32,
  classes: i32,
): void {
  const a = rowOf(matrix, row, lastRow, classes);
  const b = rowOf(matrix, row + 1, lastRow, classes);
  const c = rowOf(matrix, row + 2, lastRow, classes);
  const d = rowOf(matrix, row + 3, lastRow, classes);
  let j = 0;
  if (targets) {
    for (; j + 4 <= classes; j += 4, tile += 64, targets += 64) {
      const class0 = f32x4.sub(f32x4.mul(v128.load(tile), factors), f32x4.mul(v128.load(targets), units));
      const class1 = f32x4.sub(f32x4.mul(v128.load(tile, 16), factors), f32x4.mul(v128.load(targets, 16), units));
      const class2 = f32x4.sub(f32x4.mul(v128.load(tile, 32), factors), f32x4.mul(v128.load(targets, 32), units));
      const class3 = f32x4.sub(f32x4.mul(v128.load(tile, 48), factors), f32x4.mul(v128.load(targets, 48), units));
      storeFour(at(a, j), at(b, j), at(c, j), at(d, j), class0, class1, class2, class3);
    }
  } else {
    for (; j + 4 <= classes; j += 4, tile += 64) {
      const class0 = f32x4.mul(v128.load(tile), factors);
      const class1 = f32x4.mul(v128.load(tile, 16), factors);
      const class2 = f32x4.mul(v128.load(tile, 32), factors);
      const class3 = f32x4.mul(v128.load(tile, 48), factors);
      storeFour(at(a, j), at(b, j), at(c, j), at(d, j), class0, class1, class2, class3);
    }
  }
  for (; j < classes; j++, tile += 16) {
    let class0 = f32x4.mul(v128.load(tile), factors);
    if (targets) {
      class0 = f32x4.sub(class0, f32x4.mul(v128.load(targets), units));
      targets += 16;
    }
    v128.store_lane<f32>(at(a, j), class0, 0);
    v128.store_lane<f32>(at(b, j), class0, 1);
    v128.store_lane<f32>(at(c, j), class0, 2);
    v128.store_lane<f32>(at(d, j), class0, 3);
  }
}

/** Stores four classes of four rows. */
// @ts-ignore: decorator
@inline
function storeFour(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  class0: v128,
  class1: v128,
  class2: v128,
  class3: v128,
): void {
  const ab01 = v128.shuffle<f32>(class0, class1, 0, 4, 1, 5);
  const ab23 = v128.shuffle<f32>(class2, class3, 0, 4, 1, 5);
  const cd01 = v128.shuffle<f32>(class0, class1, 2, 6, 3, 7);
  const cd23 = v128.shuffle<f32>(class2, class3, 2, 6, 3, 7);
  v128.store(a, v128.shuffle<f64>(ab01, ab23, 0, 2));
  v128.store(b, v128.shuffle<f64>(ab01, ab23, 1, 3));
  v128.store(c, v128.shuffle<f64>(cd01, cd23, 0, 2));
  v128.store(d, v128.shuffle<f64>(cd01, cd23, 1, 3));
}

// @ts-ignore: decorator
@inline
function rowOf(matrix: usize, row: i32, lastRow: i32, classes: i32): usize {
  return matrix + ((<usize>min(row, lastRow) * <usize>classes) << 2);
}
