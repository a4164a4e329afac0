// Rows that become columns. Strides are in elements and may be negative or 0.
import { at } from "./simd";

/** to[r, c] = from[c, r], 4 × 4 elements at a time. */
export function transpose(to: usize, from: usize, rows: i32, cols: i32, toRow: i32, fromRow: i32): void {
  let col = 0;
  for (; col + 4 <= cols; col += 4) {
    let target = at(to, col);
    let source = at(from, col * fromRow);
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      transposeFour(target, source, toRow, fromRow);
      target = at(target, 4 * toRow);
      source += 16;
    }
    moveElements(target, source, rows - row, 4, toRow, 1, 1, fromRow);
  }
  moveElements(at(to, col), at(from, col * fromRow), rows, cols - col, toRow, 1, 1, fromRow);
}

// @ts-ignore: decorator
@inline
function transposeFour(to: usize, from: usize, toRow: i32, fromRow: i32): void {
  const a = v128.load(from);
  const b = v128.load(at(from, fromRow));
  const c = v128.load(at(from, 2 * fromRow));
  const d = v128.load(at(from, 3 * fromRow));
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(abLow, cdLow, 0, 2));
  v128.store(at(to, toRow), v128.shuffle<i64>(abLow, cdLow, 1, 3));
  v128.store(at(to, 2 * toRow), v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  v128.store(at(to, 3 * toRow), v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

/** One element after the other. */
export function moveElements(
  to: usize,
  from: usize,
  rows: i32,
  cols: i32,
  toRow: i32,
  toCol: i32,
  fromRow: i32,
  fromCol: i32,
): void {
  for (; rows > 0; rows--, to = at(to, toRow), from = at(from, fromRow)) {
    let target = to;
    let source = from;
    for (let col = cols; col > 0; col--, target = at(target, toCol), source = at(source, fromCol)) {
      store<u32>(target, load<u32>(source));
    }
  }
}
