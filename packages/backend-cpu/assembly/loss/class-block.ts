/**
 * What the sums over a row's classes are made of: blocks of so many classes, added in order. A row is computed as a whole or
 * block by block, by one thread or by many, and has the same bits.
 */
import { CLASS_BLOCK } from "../../src/kernels/block-sizes";
import { at } from "../simd";
import { largest } from "./largest";
import { RowStage, secondFactor } from "./row-stage";
import { addTargets, scale, subtractTargets } from "./targets";
import { GROUP, GROUP_BYTES, storedExps, Window } from "./window-exp";

/** Offsets in the scratch: four sums in doubles, four maxima, a group of logits, a block of logits less their base. */
const SUMS: usize = 0;
const MAXIMA: usize = SUMS + 32;
const SOME: usize = MAXIMA + 16;
const SHIFTED: usize = SOME + GROUP * 4;

/** Bytes that a block of classes takes in the scratch. */
export const BLOCK_SCRATCH: usize = SHIFTED + CLASS_BLOCK * 4;

/**
 * Adds to pairs of doubles the spread targets T_j and T_j·(m − z_j) of a block: at `before` what stands before the excluded class, at
 * `behind`, which may be the same, what stands behind it.
 */
export function targetsOfBlock(
  stage: RowStage,
  before: usize,
  behind: usize,
  z: usize,
  q: usize,
  classWeights: usize,
  from: i32,
  to: i32,
  keep: f64,
  share: f64,
): void {
  const excluded = stage.excluded;
  addTargets(before, z, q, classWeights, from, min(max(excluded, from), to), stage.m, keep, share);
  addTargets(behind, z, q, classWeights, min(max(excluded + 1, from), to), to, stage.m, keep, share);
}

/** Begins to look for the largest logit that {@link expsOfBlock} comes across. */
export function startLargest(local: usize): void {
  v128.store(local + MAXIMA, f32x4.splat(-Infinity));
}

/** The largest since then, less the base. */
export function largestSoFar(local: usize): f32 {
  return largest(local + MAXIMA, 4);
}

/** Σ e^(t·z_j − o) over a block but for the excluded class. With `out` the terms are kept there, for the whole row. */
export function expsOfBlock(
  window: Window,
  stage: RowStage,
  z: usize,
  out: usize,
  from: i32,
  to: i32,
  local: usize,
): f64 {
  let x = at(z, from);
  if (window.isShifted(stage.base)) {
    window.subtractBase(x, local + SHIFTED, 4, to - from, stage.base);
    x = local + SHIFTED;
  }
  return expsOfShifted(window, stage, x, out ? at(out, from) : 0, from, to, local);
}

/** {@link expsOfBlock} for a block whose logits less their base stand at x, and whose terms are kept at `out`. */
export function expsOfShifted(
  window: Window,
  stage: RowStage,
  x: usize,
  out: usize,
  from: i32,
  to: i32,
  local: usize,
): f64 {
  const sums = local + SUMS;
  v128.store(sums, f64x2.splat(0));
  v128.store(sums, f64x2.splat(0), 16);
  expsWithout(window, stage.excluded - from, x, out, to - from, f32x4.splat(stage.k), sums, local);
  return load<f64>(sums) + load<f64>(sums, 16) + (load<f64>(sums, 8) + load<f64>(sums, 24));
}

/** The exponentials of a block, and their sums without class `excluded` (if it is there). */
// @ts-ignore: decorator
@inline
function expsWithout(
  window: Window,
  excluded: i32,
  x: usize,
  out: usize,
  count: i32,
  k: v128,
  sums: usize,
  local: usize,
): void {
  const some = local + SOME;
  const step = out ? GROUP_BYTES : 0;
  const rest = count - (count % GROUP);
  let own = 0 <= excluded && excluded < rest ? excluded - (excluded % GROUP) : rest;
  for (let j = 0; j < count; j += GROUP) {
    // Whole groups up to the one that holds the excluded class, and on to the last.
    if (own > j) {
      storedExps(window, at(x, j), out ? at(out, j) : some, step, (own - j) / GROUP, k, sums);
      j = own;
    }
    own = rest;
    if (j >= count) break;
    const here = min(GROUP, count - j);
    copySome(some, at(x, j), here, excluded - j);
    storedExps(window, some, out && here == GROUP ? at(out, j) : some, step, 1, k, sums);
    if (out && here < GROUP) copyTerms(at(out, j), some, here);
  }
}

const LANES: usize = memory.data<i32>([0, 1, 2, 3]);

/** Copies `count` logits, a group at most, with −∞ in the place of the excluded one and of what lies behind them. */
function copySome(some: usize, x: usize, count: i32, excluded: i32): void {
  const excludedLanes = i32x4.splat(excluded);
  const countLanes = i32x4.splat(count);
  const minusInfinity = f32x4.splat(-Infinity);
  let lanes = v128.load(LANES);
  for (let j = 0; j < GROUP; j += 4) {
    const isOut = v128.or(i32x4.eq(lanes, excludedLanes), i32x4.ge_s(lanes, countLanes));
    v128.store(at(some, j), v128.bitselect(minusInfinity, v128.load(at(x, min(j, count - 1))), isOut));
    lanes = i32x4.add(lanes, i32x4.splat(4));
  }
}

/** Copies `count` exponentials. */
function copyTerms(out: usize, some: usize, count: i32): void {
  const end = at(out, count);
  for (; out + 16 <= end; out += 16, some += 16) v128.store(out, v128.load(some));
  for (; out < end; out += 4, some += 4) store<f32>(out, load<f32>(some));
}

/** e^(z_j − o) at `g` becomes u·(S·p_j − T_j), without what the label adds to T, for from ≤ j < to; `from` is a multiple of 4. */
export function gradientOfBlock(
  stage: RowStage,
  g: usize,
  q: usize,
  classWeights: usize,
  from: i32,
  to: i32,
  isSpread: bool,
  keep: f64,
  share: f64,
): void {
  const whole = stage.factor();
  const second = secondFactor(whole);
  const factor = whole / second;
  const targets = q ? at(q, from) : 0;
  const weights = classWeights ? at(classWeights, from) : 0;
  if (isSpread) {
    subtractTargets(at(g, from), targets, weights, to - from, factor, second, stage.targetFactor(), keep, share);
  } else scale(at(g, from), to - from, factor, second);
}
