/**
 * The part of a row's targets that is spread over the classes: T_j = w_j·(keep·q_j + share), with w = 1 and q = 0 where they are absent.
 */
import { at, multiplyAdd, promotePairs, sumOfDoubles } from "../simd";
import { secondFactor } from "./row-stage";

const ONES: usize = memory.data<f32>([1, 1, 1, 1]);
const ZEROS: usize = memory.data<f32>([0, 0, 0, 0]);

/** T_j of one class. */
export function targetOf(probabilities: usize, classWeights: usize, j: i32, keep: f64, share: f64): f64 {
  const q: f64 = probabilities ? load<f32>(at(probabilities, j)) : 0;
  const w: f64 = classWeights ? load<f32>(at(classWeights, j)) : 1;
  return w * (keep * q + share);
}

/**
 * Adds to the doubles at `sums`: Σ T_j and Σ T_j·(m − z_j) for from ≤ j < to. A T_j of 0 is skipped, so that 0·∞ is 0.
 */
export function addTargets(
  sums: usize,
  z: usize,
  probabilities: usize,
  classWeights: usize,
  from: i32,
  to: i32,
  m: f32,
  keep: f64,
  share: f64,
): void {
  const qStep: usize = probabilities ? 16 : 0;
  const wStep: usize = classWeights ? 16 : 0;
  let q = probabilities ? at(probabilities, from) : ZEROS;
  let w = classWeights ? at(classWeights, from) : ONES;
  let x = at(z, from);
  const end = at(z, from + ((to - from) & ~3));
  const keepLanes = f32x4.splat(<f32>keep);
  const shareLanes = f32x4.splat(<f32>share);
  // Of halves, because m − z may be more than float32 holds.
  const minusHalf = f32x4.splat(-0.5);
  const halfOfM = f32x4.splat(m * 0.5);
  let targets = f64x2.splat(0);
  let dots = f64x2.splat(0);
  for (; x + 64 <= end; x += 64, q += qStep << 2, w += wStep << 2) {
    const T0 = spread(q, w, keepLanes, shareLanes);
    const T1 = spread(q + qStep, w + wStep, keepLanes, shareLanes);
    const T2 = spread(q + (qStep << 1), w + (wStep << 1), keepLanes, shareLanes);
    const T3 = spread(q + 3 * qStep, w + 3 * wStep, keepLanes, shareLanes);
    targets = f64x2.add(targets, promotePairs(f32x4.add(f32x4.add(T0, T1), f32x4.add(T2, T3))));
    const dot0 = timesDistance(T0, multiplyAdd(v128.load(x), minusHalf, halfOfM));
    const dot1 = timesDistance(T1, multiplyAdd(v128.load(x, 16), minusHalf, halfOfM));
    const dot2 = timesDistance(T2, multiplyAdd(v128.load(x, 32), minusHalf, halfOfM));
    const dot3 = timesDistance(T3, multiplyAdd(v128.load(x, 48), minusHalf, halfOfM));
    dots = f64x2.add(dots, promotePairs(f32x4.add(f32x4.add(dot0, dot1), f32x4.add(dot2, dot3))));
  }
  for (; x < end; x += 16, q += qStep, w += wStep) {
    const T = spread(q, w, keepLanes, shareLanes);
    targets = f64x2.add(targets, promotePairs(T));
    dots = f64x2.add(dots, promotePairs(timesDistance(T, multiplyAdd(v128.load(x), minusHalf, halfOfM))));
  }
  let target = sumOfDoubles(targets);
  let dot = 2 * sumOfDoubles(dots);
  for (let j = from + ((to - from) & ~3); j < to; j++) {
    const T = targetOf(probabilities, classWeights, j, keep, share);
    target += T;
    if (T != 0) dot += T * (<f64>m - <f64>load<f32>(at(z, j)));
  }
  store<f64>(sums, load<f64>(sums) + target);
  store<f64>(sums, load<f64>(sums, 8) + dot, 8);
}

/** T_j of four classes. */
// @ts-ignore: decorator
@inline
function spread(q: usize, w: usize, keep: v128, share: v128): v128 {
  return f32x4.mul(v128.load(w), multiplyAdd(v128.load(q), keep, share));
}

/** T·distance, 0 where T is 0. */
// @ts-ignore: decorator
@inline
export function timesDistance(T: v128, distance: v128): v128 {
  return v128.andnot(f32x4.mul(T, distance), f32x4.eq(T, f32x4.splat(0)));
}

/** gradient_j = factor·second·e_j − T_j·unit, where e_j stands at `gradient`; T_j as above. */
export function subtractTargets(
  gradient: usize,
  probabilities: usize,
  classWeights: usize,
  count: i32,
  factor: f64,
  second: f64,
  unit: f64,
  keep: f64,
  share: f64,
): void {
  const qStep: usize = probabilities ? 16 : 0;
  const wStep: usize = classWeights ? 16 : 0;
  let q = probabilities ? probabilities : ZEROS;
  let w = classWeights ? classWeights : ONES;
  let j = 0;
  if (second == 1 && secondFactor(unit) == 1) {
    const factorLanes = f32x4.splat(<f32>factor);
    const keepLanes = f32x4.splat(<f32>(-unit * keep));
    const shareLanes = f32x4.splat(<f32>(-unit * share));
    for (; j + 4 <= count; j += 4, q += qStep, w += wStep) {
      const T = spread(q, w, keepLanes, shareLanes);
      v128.store(at(gradient, j), multiplyAdd(v128.load(at(gradient, j)), factorLanes, T));
    }
  }
  for (; j < count; j++) {
    const g = at(gradient, j);
    store<f32>(
      g,
      <f32>(<f64>load<f32>(g) * factor * second - unit * targetOf(probabilities, classWeights, j, keep, share)),
    );
  }
}

/** gradient_j = factor·second·e_j, where e_j stands at `gradient`. */
export function scale(gradient: usize, count: i32, factor: f64, second: f64): void {
  multiplyBy(<f32>factor, gradient, count);
  if (second != 1) multiplyBy(<f32>second, gradient, count);
}

function multiplyBy(factor: f32, gradient: usize, count: i32): void {
  const factors = f32x4.splat(factor);
  const end = at(gradient, count);
  let g = gradient;
  for (; g + 16 <= end; g += 16) v128.store(g, f32x4.mul(v128.load(g), factors));
  for (; g < end; g += 4) store<f32>(g, load<f32>(g) * factor);
}
