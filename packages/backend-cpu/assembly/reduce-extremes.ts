// The largest or smallest number along an axis, or the first index of the largest. NaN beats every number; the first one counts.
import { COLUMN_GROUP, COLUMN_PIECE, MERGED, ROW_PIECE } from "../src/kernels/block-sizes";
import { ARGMAX, MIN_ALONG } from "./function-codes";
import { at, laneselect, upperHalf } from "./simd";

/** Of a group of columns the best numbers are in the thread's scratch, and so far behind them where they stand. */
const INDICES: usize = COLUMN_GROUP * 4;

/**
 * y_r = fn(x[r, ·]) over rows × axis. A block is `rowsPerBlock` rows; or, where `pieces` > 1, a piece of 4096 elements of one row,
 * whose best number and its index (f32 and i32) go to partials[r, piece].
 */
export function extremesOfRows(
  fn: i32,
  y: usize,
  partials: usize,
  x: usize,
  rows: i32,
  axis: i32,
  pieces: i32,
  rowsPerBlock: i32,
  begin: i32,
  end: i32,
  _local: usize,
): void {
  const flip = flipOf(fn);
  if (pieces > 1) {
    for (let block = begin; block < end; block++) {
      const first = (block % pieces) * ROW_PIECE;
      const from = at(x, (block / pieces) * axis + first);
      const stop = at(from, min(ROW_PIECE, axis - first));
      const best = largest(from, stop, flip);
      const to = partials + ((<usize>block) << 3);
      store<f32>(to, best);
      store<i32>(to, fn == ARGMAX ? first + indexOf(best, from, stop) : 0, 4);
    }
    return;
  }
  const stop = min(end * rowsPerBlock, rows);
  for (let row = begin * rowsPerBlock; row < stop; row++) {
    const from = at(x, row * axis);
    const best = largest(from, at(from, axis), flip);
    store<f32>(at(y, row), resultOf(fn, best, fn == ARGMAX ? indexOf(best, from, at(from, axis)) : 0));
  }
}

/**
 * y[o, i] = fn(x[o, ·, i]) over outer × axis × inner. A block is 1024 columns of a piece of 256 rows of one o, in the order o, piece,
 * columns. Where `pieces` > 1, its best numbers and their indices go to partials[o, piece, i].
 */
export function extremesOfColumns(
  fn: i32,
  y: usize,
  partials: usize,
  x: usize,
  axis: i32,
  inner: i32,
  pieces: i32,
  groups: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const flip = flipOf(fn);
  for (let block = begin; block < end; block++) {
    const column = (block % groups) * COLUMN_GROUP;
    const part = block / groups;
    const first = (part % pieces) * COLUMN_PIECE;
    const from = at(x, ((part / pieces) * axis + first) * inner + column);
    const rows = min(COLUMN_PIECE, axis - first);
    const columns = min(COLUMN_GROUP, inner - column);
    searchColumns(fn, local, from, flip, first, rows, inner, columns);
    for (let i = 0; i < columns; i++) {
      const best = load<f32>(at(local, i));
      const index = fn == ARGMAX ? load<i32>(at(local, i), INDICES) : 0;
      if (pieces > 1) {
        const to = partials + ((<usize>(part * inner + column + i)) << 3);
        store<f32>(to, best);
        store<i32>(to, index, 4);
      } else store<f32>(at(y, part * inner + column + i), resultOf(fn, best, index));
    }
  }
}

/** Block b: y[o, i] from partials[o, ·, i], for the 256 elements of y from 256·b on. */
export function mergeExtremes(
  fn: i32,
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
    let best = load<f32>(from);
    let index = load<i32>(from, 4);
    for (let piece = 1; piece < pieces; piece++) {
      from += (<usize>inner) << 3;
      const next = load<f32>(from);
      if (next > best || (next != next && best == best)) {
        best = next;
        index = load<i32>(from, 4);
      }
    }
    store<f32>(at(y, i), resultOf(fn, best, index));
  }
}

/** The smallest number is the largest with the signs turned. */
// @ts-ignore: decorator
@inline
function flipOf(fn: i32): v128 {
  return i32x4.splat(fn == MIN_ALONG ? 0x80000000 : 0);
}

// @ts-ignore: decorator
@inline
function resultOf(fn: i32, best: f32, index: i32): f32 {
  return fn == ARGMAX ? <f32>index : fn == MIN_ALONG ? -best : best;
}

/** The largest number of a run, or NaN if it holds one. */
function largest(x: usize, end: usize, flip: v128): f32 {
  let best = f32x4.splat(-Infinity);
  let nan = i32x4.splat(0);
  // Two chains, so that no step waits for the one before.
  let otherBest = best;
  let otherNaN = nan;
  for (; x + 32 <= end; x += 32) {
    const value = v128.xor(v128.load(x), flip);
    best = f32x4.pmax(best, value);
    nan = v128.or(nan, f32x4.ne(value, value));
    const other = v128.xor(v128.load(x, 16), flip);
    otherBest = f32x4.pmax(otherBest, other);
    otherNaN = v128.or(otherNaN, f32x4.ne(other, other));
  }
  best = f32x4.pmax(best, otherBest);
  nan = v128.or(nan, otherNaN);
  while (x < end) {
    // A whole vector, or one number in all lanes.
    const whole = end - x >= 16;
    const value = v128.xor(whole ? v128.load(x) : v128.load32_splat(x), flip);
    best = f32x4.pmax(best, value);
    nan = v128.or(nan, f32x4.ne(value, value));
    x += whole ? 16 : 4;
  }
  if (v128.any_true(nan)) return NaN;
  best = f32x4.pmax(best, upperHalf(best));
  return max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1));
}

/** The index of the first number of a run that is `wanted`, which is there. */
function indexOf(wanted: f32, x: usize, end: usize): i32 {
  const start = x;
  const wantNaN = wanted != wanted;
  const wantedFour = f32x4.splat(wanted);
  for (; x + 16 <= end; x += 16) {
    const value = v128.load(x);
    const found = i32x4.bitmask(wantNaN ? f32x4.ne(value, value) : f32x4.eq(value, wantedFour));
    if (found != 0) return <i32>((x - start) >> 2) + ctz(found);
  }
  for (; x + 4 < end; x += 4) {
    const value = load<f32>(x);
    if (wantNaN ? value != value : value == wanted) break;
  }
  return <i32>((x - start) >> 2);
}

/** The best of each column into `local`, and for argmax which row it is in. Reads up to 60 bytes behind the last row. */
function searchColumns(
  fn: i32,
  local: usize,
  x: usize,
  flip: v128,
  first: i32,
  rows: i32,
  stride: i32,
  columns: i32,
): void {
  const bytes = (<usize>stride) << 2;
  const stop = at(x, columns);
  if (fn == ARGMAX) for (; x < stop; x += 32, local += 32) indicesOfStrip(local, x, first, rows, bytes);
  else for (; x < stop; x += 64, local += 64) bestOfStrip(local, x, flip, rows, bytes);
}

/** 16 columns. */
function bestOfStrip(to: usize, x: usize, flip: v128, rows: i32, bytes: usize): void {
  let best0 = f32x4.splat(-Infinity);
  let best1 = best0;
  let best2 = best0;
  let best3 = best0;
  let nan0 = i32x4.splat(0);
  let nan1 = nan0;
  let nan2 = nan0;
  let nan3 = nan0;
  for (let row = 0; row < rows; row++, x += bytes) {
    const x0 = v128.xor(v128.load(x), flip);
    const x1 = v128.xor(v128.load(x, 16), flip);
    const x2 = v128.xor(v128.load(x, 32), flip);
    const x3 = v128.xor(v128.load(x, 48), flip);
    // pmax(best, x) is best where x is NaN.
    best0 = f32x4.pmax(best0, x0);
    best1 = f32x4.pmax(best1, x1);
    best2 = f32x4.pmax(best2, x2);
    best3 = f32x4.pmax(best3, x3);
    nan0 = v128.or(nan0, f32x4.ne(x0, x0));
    nan1 = v128.or(nan1, f32x4.ne(x1, x1));
    nan2 = v128.or(nan2, f32x4.ne(x2, x2));
    nan3 = v128.or(nan3, f32x4.ne(x3, x3));
  }
  // All bits set are NaN.
  v128.store(to, v128.or(best0, nan0));
  v128.store(to, v128.or(best1, nan1), 16);
  v128.store(to, v128.or(best2, nan2), 32);
  v128.store(to, v128.or(best3, nan3), 48);
}

/** 8 columns, and the row that each one's best is in. */
function indicesOfStrip(to: usize, x: usize, first: i32, rows: i32, bytes: usize): void {
  const one = i32x4.splat(1);
  let index = i32x4.splat(first);
  let best0 = f32x4.splat(-Infinity);
  let best1 = best0;
  let index0 = index;
  let index1 = index;
  for (let row = 0; row < rows; row++, x += bytes) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const better0 = beats(x0, best0);
    const better1 = beats(x1, best1);
    best0 = laneselect(x0, best0, better0);
    best1 = laneselect(x1, best1, better1);
    index0 = laneselect(index, index0, better0);
    index1 = laneselect(index, index1, better1);
    index = i32x4.add(index, one);
  }
  v128.store(to, best0);
  v128.store(to, best1, 16);
  v128.store(to, index0, INDICES);
  v128.store(to, index1, INDICES + 16);
}

/** Larger, or the first NaN. */
// @ts-ignore: decorator
@inline
function beats(x: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(x, best));
}
