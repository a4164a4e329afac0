// One pass over parameter, gradient and moments for an optimizer's step.
import { RUN } from "../src/kernels/block-sizes";
import { finish } from "./last-vector";
import { at, multiplyAdd } from "./simd";

/** The smallest normal number. */
const NORMAL: f32 = 1.1754943508222875e-38;

/**
 * `a` with 0 for what is subnormal. Where no gradient comes any more, momentum decays into those numbers and stays there (the
 * smallest one times 0.9 rounds to itself), and processors take many times as long over them.
 */
// @ts-ignore: decorator
@inline
function withoutSubnormals(a: v128): v128 {
  return v128.andnot(a, f32x4.lt(f32x4.abs(a), f32x4.splat(NORMAL)));
}

/** A mask that keeps every number, or makes each 0: 0 · ∞ is NaN. */
// @ts-ignore: decorator
@inline
function allOrNone(all: bool): v128 {
  return i32x4.splat(all ? -1 : 0);
}

/**
 * Block b, for 4096·b ≤ i < 4096·(b + 1): d = gradientScale·g + weightDecay·p; v = momentum·v + portion·d;
 * p += step·(nesterov ? d + momentum·v : v). Without `velocity` (0), v = d.
 * Without decay p is left out of d: it may be infinite. What is new goes to `newParameter` and `newVelocity`, which may be
 * where the old stands.
 */
export function sgd(
  newParameter: usize,
  newVelocity: usize,
  parameter: usize,
  gradient: usize,
  velocity: usize,
  nesterov: i32,
  step: f32,
  momentum: f32,
  portion: f32,
  weightDecay: f32,
  gradientScale: f32,
  length: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const steps = f32x4.splat(step);
  const momenta = f32x4.splat(momentum);
  const portions = f32x4.splat(portion);
  const decays = f32x4.splat(weightDecay);
  const decaying = allOrNone(weightDecay != 0);
  const scales = f32x4.splat(gradientScale);
  let p = at(parameter, begin * RUN);
  let g = at(gradient, begin * RUN);
  let v = at(velocity, begin * RUN);
  const toParameter = newParameter - parameter;
  const toVelocity = newVelocity - velocity;
  const stop = at(parameter, min(end * RUN, length));
  for (; p < stop; p += 16, g += 16, v += 16) {
    const last = stop - p < 16;
    const old = v128.load(p);
    let direction = multiplyAdd(decays, v128.and(old, decaying), f32x4.mul(scales, v128.load(g)));
    if (velocity != 0) {
      const moved = withoutSubnormals(multiplyAdd(momenta, v128.load(v), f32x4.mul(portions, direction)));
      v128.store(last ? local : v + toVelocity, moved);
      direction = nesterov ? multiplyAdd(momenta, moved, direction) : moved;
    }
    v128.store(last ? local + 16 : p + toParameter, multiplyAdd(steps, direction, old));
  }
  const bytes = stop - at(parameter, begin * RUN);
  if (velocity != 0) finish(v + toVelocity, local, bytes);
  finish(p + toParameter, local + 16, bytes);
}

/**
 * Block b, for 4096·b ≤ i < 4096·(b + 1): g = gradientScale·g + decay·p; m = beta1·m + portion1·g; v = beta2·v + portion2·g²;
 * p = keep·p + step·m/(√v·rootScale + epsilon). Without decay p is left out of g.
 * What is new goes to `newParameter`, `newMean` and `newVariance`, which may be where the old stands.
 */
export function adamw(
  newParameter: usize,
  newMean: usize,
  newVariance: usize,
  parameter: usize,
  gradient: usize,
  mean: usize,
  variance: usize,
  gradientScale: f32,
  decay: f32,
  beta1: f32,
  portion1: f32,
  beta2: f32,
  portion2: f32,
  keep: f32,
  step: f32,
  rootScale: f32,
  epsilon: f32,
  length: i32,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const scales = f32x4.splat(gradientScale);
  const decays = f32x4.splat(decay);
  const decaying = allOrNone(decay != 0);
  const beta1s = f32x4.splat(beta1);
  const portion1s = f32x4.splat(portion1);
  const beta2s = f32x4.splat(beta2);
  const portion2s = f32x4.splat(portion2);
  const keeps = f32x4.splat(keep);
  const steps = f32x4.splat(step);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  let p = at(parameter, begin * RUN);
  let g = at(gradient, begin * RUN);
  let m = at(mean, begin * RUN);
  let v = at(variance, begin * RUN);
  const toParameter = newParameter - parameter;
  const toMean = newMean - mean;
  const toVariance = newVariance - variance;
  const stop = at(parameter, min(end * RUN, length));
  for (; p < stop; p += 16, g += 16, m += 16, v += 16) {
    const last = stop - p < 16;
    const old = v128.load(p);
    const direction = multiplyAdd(decays, v128.and(old, decaying), f32x4.mul(scales, v128.load(g)));
    const first = withoutSubnormals(multiplyAdd(beta1s, v128.load(m), f32x4.mul(portion1s, direction)));
    v128.store(last ? local : m + toMean, first);
    const square = f32x4.mul(direction, direction);
    const second = withoutSubnormals(multiplyAdd(beta2s, v128.load(v), f32x4.mul(portion2s, square)));
    v128.store(last ? local + 16 : v + toVariance, second);
    const ratio = f32x4.div(first, multiplyAdd(f32x4.sqrt(second), rootScales, epsilons));
    v128.store(last ? local + 32 : p + toParameter, multiplyAdd(steps, ratio, f32x4.mul(keeps, old)));
  }
  const bytes = stop - at(parameter, begin * RUN);
  finish(m + toMean, local, bytes);
  finish(v + toVariance, local + 16, bytes);
  finish(p + toParameter, local + 32, bytes);
}
