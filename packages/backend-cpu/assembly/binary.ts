// Functions of two variables, which broadcast; and functions of one, which leave the second alone.
import { RUN } from "../src/kernels/block-sizes";
import { combine } from "./arithmetic";
import { at } from "./simd";

/**
 * y = fn(a, b; α, β) over rows × inner, rows being outer × axis. A block is a run of y: `rowsPerBlock` whole rows, or, where
 * `pieces` > 1, a piece of 4096 elements of one row, the blocks of a row following each other.
 */
export function binary(
  fn: i32,
  y: usize,
  a: usize,
  b: usize,
  alpha: f64,
  beta: f64,
  rows: i32,
  axis: i32,
  inner: i32,
  aOuter: i32,
  aAxis: i32,
  aInner: i32,
  bOuter: i32,
  bAxis: i32,
  bInner: i32,
  rowsPerBlock: i32,
  pieces: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const aTile = local;
  const bTile = at(local, RUN);
  const rest = at(local, 2 * RUN);
  const aStep = stepOf(aOuter, aAxis, aInner, rowsPerBlock);
  const bStep = stepOf(bOuter, bAxis, bInner, rowsPerBlock);
  let left: usize = 0;
  let right: usize = 0;
  for (let block = begin; block < end; block++) {
    const row = (block / pieces) * rowsPerBlock;
    const column = (block % pieces) * RUN;
    const count = pieces > 1 ? min(RUN, inner - column) : min(rowsPerBlock, rows - row) * inner;
    // An operand that is the same for every row is laid out once.
    if (block == begin || pieces > 1 || (aOuter | aAxis) != 0) {
      left = operand(a, aOuter, aAxis, aInner, axis, inner, row, column, count, aStep, aTile);
    }
    if (block == begin || pieces > 1 || (bOuter | bAxis) != 0) {
      right = operand(b, bOuter, bAxis, bInner, axis, inner, row, column, count, bStep, bTile);
    }
    run(fn, at(y, row * inner + column), left, aStep, right, bStep, count, alpha, beta, rest);
  }
}

/** How far an operand moves from vector to vector: 0 bytes if a block sees one number of it. */
// @ts-ignore: decorator
@inline
function stepOf(outer: i32, axis: i32, inner: i32, rowsPerBlock: i32): usize {
  return inner == 0 && (rowsPerBlock == 1 || (outer | axis) == 0) ? 0 : 16;
}

/** The address of a block's operand: where it stands, if it stands there as `y` does, or in `tile`, laid out like that. */
function operand(
  base: usize,
  outerStride: i32,
  axisStride: i32,
  innerStride: i32,
  axis: i32,
  inner: i32,
  row: i32,
  column: i32,
  count: i32,
  step: usize,
  tile: usize,
): usize {
  const start = at(base, (row / axis) * outerStride + (row % axis) * axisStride + column * innerStride);
  if (step == 0) {
    v128.store(tile, v128.load32_splat(start));
    return tile;
  }
  const wholeRows = axisStride == inner && (row + count / inner <= axis || outerStride == axis * inner);
  if (innerStride == 1 && (count <= inner || wholeRows)) return start;
  let to = tile;
  for (let left = count; left > 0; row++) {
    let from = at(base, (row / axis) * outerStride + (row % axis) * axisStride + column * innerStride);
    const here = min(left, inner - column);
    for (const stop = at(to, here); to < stop; to += 4, from = at(from, innerStride)) store<f32>(to, load<f32>(from));
    left -= here;
    column = 0;
  }
  return tile;
}

/** y = fn(a, b) for `count` elements. The last one to three go through `rest`, which has room for four. */
function run(
  fn: i32,
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  count: i32,
  alpha: f64,
  beta: f64,
  rest: usize,
): void {
  const vectors = <usize>count >> 2;
  combine(fn, y, a, aStep, b, bStep, y + (vectors << 4), alpha, beta);
  const bytes = (<usize>(count & 3)) << 2;
  if (bytes == 0) return;
  combine(fn, rest, a + vectors * aStep, 16, b + vectors * bStep, 16, rest + 16, alpha, beta);
  memory.copy(y + (vectors << 4), rest, bytes);
}
