// Sums along an axis. Eight floats are added as a tree in float32 (three roundings), and what they give in float64: no sum is
// long enough to lose more, and the trees depend on the shape alone.
import { COLUMN_GROUP, COLUMN_PIECE, MERGED, ROW_PIECE } from "../src/kernels/block-sizes";
import { at, sumOfDoubles, upperHalf } from "./simd";

/**
 * y_r = Σ x[r, ·] over rows × axis, or Σ x[r, ·]² with `square`. A block is `rowsPerBlock` rows; or, where `pieces` > 1, a piece of
 * 4096 elements of one row, whose sum goes to partials[r, piece] as a double.
 */
export function sumRows(
  y: usize,
  partials: usize,
  x: usize,
  square: i32,
  rows: i32,
  axis: i32,
  pieces: i32,
  rowsPerBlock: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  if (pieces > 1) {
    for (let block = begin; block < end; block++) {
      const first = (block % pieces) * ROW_PIECE;
      const from = at(x, (block / pieces) * axis + first);
      const count = min(ROW_PIECE, axis - first);
      store<f64>(partials + ((<usize>block) << 3), square ? squaresOfRun(from, count) : sumOfRun(from, count));
    }
    return;
  }
  const stop = min(end * rowsPerBlock, rows);
  for (let row = begin * rowsPerBlock; row < stop; row++) {
    const from = at(x, row * axis);
    store<f32>(at(y, row), <f32>(square ? squaresOfRun(from, axis) : sumOfRun(from, axis)));
  }
}

/**
 * y[o, i] = Σ x[o, ·, i] over outer × axis × inner, or the sum of squares. A block is 1024 columns of a piece of 256 rows of one o,
 * in the order o, piece, columns. Where `pieces` > 1, its sums go to partials[o, piece, i] as doubles.
 */
export function sumColumns(
  y: usize,
  partials: usize,
  x: usize,
  square: i32,
  axis: i32,
  inner: i32,
  pieces: i32,
  groups: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  for (let block = begin; block < end; block++) {
    const column = (block % groups) * COLUMN_GROUP;
    const part = block / groups;
    const first = (part % pieces) * COLUMN_PIECE;
    const from = at(x, ((part / pieces) * axis + first) * inner + column);
    const rows = min(COLUMN_PIECE, axis - first);
    const columns = min(COLUMN_GROUP, inner - column);
    // Whole vectors of columns: those beyond the last are summed along, and left.
    memory.fill(local, 0, ((<usize>columns) << 3) + 24);
    if (square) addSquares(local, from, rows, inner, columns);
    else addRows(local, from, rows, inner, columns);
    const to = part * inner + column;
    if (pieces > 1) memory.copy(partials + ((<usize>to) << 3), local, (<usize>columns) << 3);
    else for (let i = 0; i < columns; i++) store<f32>(at(y, to + i), <f32>load<f64>(local + ((<usize>i) << 3)));
  }
}

/** Block b: y[o, i] = Σ partials[o, ·, i], in order, for the 256 elements of y from 256·b on. */
export function mergeSums(
  y: usize,
  partials: usize,
  pieces: i32,
  inner: i32,
  length: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const stop = min(end * MERGED, length);
  for (let i = begin * MERGED; i < stop; i++) {
    let from = partials + ((<usize>((i / inner) * pieces * inner + (i % inner))) << 3);
    let sum: f64 = 0;
    for (let piece = 0; piece < pieces; piece++, from += (<usize>inner) << 3) sum += load<f64>(from);
    store<f32>(at(y, i), <f32>sum);
  }
}

function sumOfRun(x: usize, count: i32): f64 {
  return totalOfRun(false, x, count);
}

function squaresOfRun(x: usize, count: i32): f64 {
  return totalOfRun(true, x, count);
}

// @ts-ignore: decorator
@inline
function totalOfRun(square: bool, x: usize, count: i32): f64 {
  const end = at(x, count);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; x + 128 <= end; x += 128) {
    const sum = sumOfEight(square, x, 16);
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upperHalf(sum)));
  }
  while (x < end) {
    // A whole vector, or one number in the first lane.
    const whole = end - x >= 16;
    const term = termOf(square, whole ? v128.load(x) : v128.load32_zero(x));
    x += whole ? 16 : 4;
    low = f64x2.add(low, f64x2.promote_low_f32x4(term));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upperHalf(term)));
  }
  return sumOfDoubles(f64x2.add(low, high));
}

function addRows(sums: usize, x: usize, rows: i32, stride: i32, columns: i32): void {
  totalOfColumns(false, sums, x, rows, stride, columns);
}

function addSquares(sums: usize, x: usize, rows: i32, stride: i32, columns: i32): void {
  totalOfColumns(true, sums, x, rows, stride, columns);
}

// @ts-ignore: decorator
@inline
function totalOfColumns(square: bool, sums: usize, x: usize, rows: i32, stride: i32, columns: i32): void {
  const step = (<usize>stride) << 2;
  let row = 0;
  for (; row + 8 <= rows; row += 8, x += step << 3) {
    const stop = at(x, columns);
    let to = sums;
    for (let from = x; from < stop; from += 16, to += 32) addTo(to, sumOfEight(square, from, step));
  }
  for (; row < rows; row++, x += step) {
    const stop = at(x, columns);
    let to = sums;
    for (let from = x; from < stop; from += 16, to += 32) addTo(to, termOf(square, v128.load(from)));
  }
}

// @ts-ignore: decorator
@inline
function addTo(sums: usize, terms: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(terms)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(upperHalf(terms))), 16);
}

/** Eight vectors, `step` bytes from each other, added as a tree. */
// @ts-ignore: decorator
@inline
function sumOfEight(square: bool, x: usize, step: usize): v128 {
  const middle = x + (step << 2);
  return f32x4.add(sumOfFour(square, x, step), sumOfFour(square, middle, step));
}

// @ts-ignore: decorator
@inline
function sumOfFour(square: bool, x: usize, step: usize): v128 {
  const third = x + (step << 1);
  return f32x4.add(
    f32x4.add(termOf(square, v128.load(x)), termOf(square, v128.load(x + step))),
    f32x4.add(termOf(square, v128.load(third)), termOf(square, v128.load(third + step))),
  );
}

// @ts-ignore: decorator
@inline
function termOf(square: bool, x: v128): v128 {
  return square ? f32x4.mul(x, x) : x;
}
