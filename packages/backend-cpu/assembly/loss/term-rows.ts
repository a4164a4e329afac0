// The loss with its further terms (temperature, cap, z-loss, focal, poly) and its diagnostics, row by row. Each class is
// computed in float64, once for the sums and once more for the gradient: exact for every term, and in place.
import { exponential, powerOf } from "../logarithm";
import { at, sumOfDoubles } from "../simd";
import { anyNaN, firstIndexOf, largest, largestWithout } from "./largest";
import { logOnePlusRatio } from "./log-ratio";
import { Scaling } from "./scaled-logits";
import { targetOf } from "./targets";

/** Offsets in the local scratch: the row's numbers, and its scaling. */
const SCALING: usize = 128;

/** The sums of a row over its classes but k, the likeliest; T as far as it is spread over the classes. */
@unmanaged
class Sums {
  /** s′ = Σ e^−(m − z′_j) */
  rest: f64;
  /** Σ e^−(m − z′_j)·(m − z′_j) */
  heat: f64;
  /** Σ T_j, and Σ T_j·(m − z′_j) */
  others: f64;
  dot: f64;
  /** Σ e^−(m − z′_j)·w_j and Σ T_j·w_j, w_j = ∂(z′_j − m)/∂τ */
  drift: f64;
  pulledDrift: f64;
}

/**
 * A block is a row. The arguments are the contract's, addresses 0 where a tensor is absent; `keep` is 1 − ε and `share`
 * ε/C.
 */
export function softmaxCrossEntropyTermRows(
  rowLoss: usize, gradient: usize, state: usize, diagnostics: usize, temperatureSlope: usize,
  logits: usize, labels: usize, probabilities: usize, classWeights: usize, rowScale: usize, temperature: usize,
  classes: i32, keep: f64, share: f64, scale: f64,
  inverseTemperature: f64, softcap: f64, zLoss: f64, focal: f64, poly: f64,
  begin: i32, end: i32, local: usize,
): void {
  const bytes = <usize>classes << 2;
  const sums = changetype<Sums>(local);
  const scaling = changetype<Scaling>(local + SCALING);
  const t: f64 = temperature ? 1 / <f64>load<f32>(temperature) : inverseTemperature;
  // Beside probabilities labels only mark the rows that are ignored.
  const hasLabel = labels != 0 && !probabilities;
  for (let row = begin; row < end; row++) {
    const z = logits + <usize>row * bytes;
    const q = probabilities ? probabilities + <usize>row * bytes : 0;
    const label = labels ? load<i32>(at(labels, row)) : -1;
    const isIgnored = labels != 0 && label < 0;
    const top = isIgnored ? <f32>0 : largest(z, classes);
    const g = gradient ? gradient + <usize>row * bytes : 0;
    if (isIgnored || !(abs(top) < Infinity)) {
      storeDeadRow(rowLoss, g, state, diagnostics, temperatureSlope, row, isIgnored, z, classes, top);
      continue;
    }

    const k = firstIndexOf(top, z, classes);
    scaling.start(t, softcap, top);
    sums.rest = 0;
    sums.heat = 0;
    sums.others = 0;
    sums.dot = 0;
    addClasses(sums, scaling, z, q, classWeights, 0, k, keep, share);
    addClasses(sums, scaling, z, q, classWeights, k + 1, classes, keep, share);
    const rest = sums.rest;
    if (rest != rest) {
      storeDeadRow(rowLoss, g, state, diagnostics, temperatureSlope, row, false, z, classes, NaN);
      continue;
    }
    const m = scaling.topScaled;
    const spread = log1p(rest);

    // T_k and what the label adds to the targets.
    let atK = targetOf(q, classWeights, k, keep, share);
    let atLabel: f64 = 0;
    let labelBelow: f64 = 0;
    const w: f64 = hasLabel && classWeights ? load<f32>(at(classWeights, label)) : 1;
    if (hasLabel) {
      atLabel = keep * w;
      labelBelow = f64x2.extract_lane(scaling.below(f64x2.splat(<f64>load<f32>(at(z, label)))), 0);
      if (label == k) {
        atK += atLabel;
      } else if (atLabel != 0) {
        sums.others += atLabel;
        sums.dot += atLabel * labelBelow;
      }
    }
    const S = sums.others + atK;
    const lse = m + spread;
    let loss = sums.dot + S * spread;
    let factor: f64 = 1;
    if (focal != 0 || poly != 0) {
      // r = 1 − p_y and ν = −log p_y
      const r = label == k ? rest / (1 + rest) : 1 - exp(-labelBelow) / (1 + rest);
      const power = focal == 0 ? 1 : f64x2.extract_lane(powerOf(f64x2.splat(r), f64x2.splat(focal)), 0);
      const nu = labelBelow + spread;
      const p = exp(-nu);
      const straight = 1 + poly - poly * r;
      loss = power * (loss + poly * w * r);
      // Where the label is masked, p·ν is 0·∞.
      factor = labelBelow == Infinity ? straight : power * (straight + focal * p * ((r > 0 ? nu / r : 1) + poly));
    }
    if (zLoss != 0) loss += zLoss * lse * lse;
    if (rowLoss) store<f32>(at(rowLoss, row), <f32>loss);
    if (state) put(state, row, <f32>m, <f32>k, <f32>rest);
    if (diagnostics) {
      const y = hasLabel ? label : firstIndexOf(largest(q, classes), q, classes);
      diagnose(diagnostics, row, sums, scaling, z, classes, y);
    }
    const pull = zLoss == 0 ? 0 : 2 * zLoss * lse;
    if (temperatureSlope) {
      scaling.noteTopDrift();
      sums.drift = t * sums.heat;
      sums.pulledDrift = t * sums.dot;
      // Under a cap, or with a target at −∞, it is other sums.
      if (softcap != 0 || !(abs(sums.dot) < Infinity)) {
        sums.drift = 0;
        sums.pulledDrift = 0;
        addDrifts(sums, scaling, z, q, classWeights, 0, k, keep, share);
        addDrifts(sums, scaling, z, q, classWeights, k + 1, classes, keep, share);
        if (hasLabel && label != k && atLabel != 0) {
          const drift = scaling.drift(f64x2.splat(<f64>load<f32>(at(z, label))));
          sums.pulledDrift += atLabel * f64x2.extract_lane(drift, 0);
        }
      }
      const mean = sums.drift / (1 + rest);
      let slope = factor * (S * mean - sums.pulledDrift);
      if (pull != 0) slope += pull * (mean + scaling.topDrift);
      store<f32>(at(temperatureSlope, row), <f32>slope);
    }
    if (!g) continue;

    const unit = rowScale ? scale * load<f32>(at(rowScale, row)) : scale;
    const A = unit * (factor * S + pull);
    const B = unit * factor;
    // In place the logits go; these two are needed once more.
    const zLabel: f64 = hasLabel ? load<f32>(at(z, label)) : 0;
    writeClasses(g, scaling, z, q, classWeights, classes, A / (1 + rest), B, keep, share);
    const slopeAtK = f64x2.extract_lane(scaling.slope(f64x2.splat(top)), 0);
    store<f32>(at(g, k), <f32>((B * (sums.others - atK * rest) + unit * pull) / (1 + rest) * slopeAtK));
    if (hasLabel && label != k) {
      const spreadTarget = targetOf(q, classWeights, label, keep, share);
      const p = exp(-labelBelow) / (1 + rest);
      const slope = f64x2.extract_lane(scaling.slope(f64x2.splat(zLabel)), 0);
      store<f32>(at(g, label), <f32>((A * p - B * (spreadTarget + atLabel)) * slope));
    }
  }
}

/** What an ignored row comes to, or one without a finite largest logit (NaN where a logit is). */
function storeDeadRow(
  rowLoss: usize, g: usize, state: usize, diagnostics: usize, temperatureSlope: usize,
  row: i32, isIgnored: bool, z: usize, classes: i32, top: f32,
): void {
  const value: f32 = isIgnored ? 0 : NaN;
  if (rowLoss) store<f32>(at(rowLoss, row), value);
  if (temperatureSlope) store<f32>(at(temperatureSlope, row), value);
  if (diagnostics) put(diagnostics, row, isIgnored ? -1 : NaN, value, value);
  if (state) {
    if (isIgnored) put(state, row, -Infinity, -1, 0);
    else if (top != top || anyNaN(z, classes)) put(state, row, NaN, -1, NaN);
    else if (top > 0) put(state, row, top, <f32>firstIndexOf(top, z, classes), NaN);
    else put(state, row, -Infinity, -1, 0);
  }
  if (g) for (let j = 0; j < classes; j++) store<f32>(at(g, j), value);
}

/** Adds the classes from ≤ j < to to the sums. */
function addClasses(
  sums: Sums, scaling: Scaling, z: usize, q: usize, classWeights: usize, from: i32, to: i32, keep: f64, share: f64,
): void {
  const isSpread = q != 0 || share > 0;
  let rest = f64x2.splat(0);
  let heat = f64x2.splat(0);
  for (let j = from; j < to; j += 2) {
    const isLast = j + 1 == to;
    const below = scaling.below(isLast ? f64x2.splat(<f64>load<f32>(at(z, j))) : pair(at(z, j)));
    let e = exponential(f64x2.neg(below));
    // Nothing is left of a class at −∞, and a lone class counts once.
    e = v128.andnot(e, f64x2.gt(below, f64x2.splat(700)));
    if (isLast) e = f64x2.replace_lane(e, 1, 0);
    rest = f64x2.add(rest, e);
    heat = f64x2.add(heat, v128.andnot(f64x2.mul(e, below), f64x2.eq(e, f64x2.splat(0))));
    if (isSpread) {
      addTarget(sums, targetOf(q, classWeights, j, keep, share), f64x2.extract_lane(below, 0));
      if (!isLast) addTarget(sums, targetOf(q, classWeights, j + 1, keep, share), f64x2.extract_lane(below, 1));
    }
  }
  sums.rest += sumOfDoubles(rest);
  sums.heat += sumOfDoubles(heat);
}

/** Adds to the sums by the temperature what the classes from ≤ j < to have, the label's own target aside. */
function addDrifts(
  sums: Sums, scaling: Scaling, z: usize, q: usize, classWeights: usize, from: i32, to: i32, keep: f64, share: f64,
): void {
  const isSpread = q != 0 || share > 0;
  let total = f64x2.splat(0);
  for (let j = from; j < to; j += 2) {
    const isLast = j + 1 == to;
    const logits = isLast ? f64x2.splat(<f64>load<f32>(at(z, j))) : pair(at(z, j));
    const below = scaling.below(logits);
    const drift = scaling.drift(logits);
    let e = v128.andnot(exponential(f64x2.neg(below)), f64x2.gt(below, f64x2.splat(700)));
    if (isLast) e = f64x2.replace_lane(e, 1, 0);
    total = f64x2.add(total, f64x2.mul(e, drift));
    if (!isSpread) continue;
    sums.pulledDrift += targetOf(q, classWeights, j, keep, share) * f64x2.extract_lane(drift, 0);
    if (!isLast) sums.pulledDrift += targetOf(q, classWeights, j + 1, keep, share) * f64x2.extract_lane(drift, 1);
  }
  sums.drift += sumOfDoubles(total);
}

/** A T_j of 0 is skipped, so that 0·∞ is 0. */
// @ts-ignore: decorator
@inline
function addTarget(sums: Sums, T: f64, below: f64): void {
  if (T == 0) return;
  sums.others += T;
  sums.dot += T * below;
}

/** gradient_j = (a·e^−(m − z′_j) − b·T_j)·∂z′_j/∂z_j, the class k and what the label adds aside. */
function writeClasses(
  g: usize, scaling: Scaling, z: usize, q: usize, classWeights: usize, classes: i32, a: f64, b: f64, keep: f64, share: f64,
): void {
  const isSpread = q != 0 || share > 0;
  for (let j = 0; j < classes; j += 2) {
    const isLast = j + 1 == classes;
    const logits = isLast ? f64x2.splat(<f64>load<f32>(at(z, j))) : pair(at(z, j));
    let value = f64x2.mul(exponential(f64x2.neg(scaling.below(logits))), f64x2.splat(a));
    if (isSpread) {
      const first = targetOf(q, classWeights, j, keep, share);
      const second = isLast ? 0 : targetOf(q, classWeights, j + 1, keep, share);
      value = f64x2.sub(value, f64x2.mul(f64x2.splat(b), f64x2.replace_lane(f64x2.splat(first), 1, second)));
    }
    value = f64x2.mul(value, scaling.slope(logits));
    store<f32>(at(g, j), <f32>f64x2.extract_lane(value, 0));
    if (!isLast) store<f32>(at(g, j + 1), <f32>f64x2.extract_lane(value, 1));
  }
}

/** (rank, entropy, margin) of a row with label y. */
function diagnose(
  diagnostics: usize, row: i32, sums: Sums, scaling: Scaling, z: usize, classes: i32, y: i32,
): void {
  const own = load<f32>(at(z, y));
  let rank = 0;
  for (let j = 0; j < classes; j++) {
    const x = load<f32>(at(z, j));
    if (x > own || (x == own && j < y)) rank++;
  }
  const entropy = log1p(sums.rest) + sums.heat / (1 + sums.rest);
  // The nearest other class is the largest other logit.
  const both = f64x2.replace_lane(f64x2.splat(<f64>largestWithout(y, z, classes)), 1, <f64>own);
  const below = scaling.below(both);
  const margin = classes == 1 ? Infinity : f64x2.extract_lane(below, 0) - f64x2.extract_lane(below, 1);
  put(diagnostics, row, <f32>rank, <f32>entropy, <f32>margin);
}

/** Two floats as doubles. */
// @ts-ignore: decorator
@inline
function pair(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

/** log(1 + R) */
// @ts-ignore: decorator
@inline
function log1p(R: f64): f64 {
  return f64x2.extract_lane(logOnePlusRatio(f64x2.splat(R), f64x2.splat(1), f64x2.splat(0)), 0);
}

/** e^x, 0 far below 0. */
// @ts-ignore: decorator
@inline
function exp(x: f64): f64 {
  return x < -700 ? 0 : f64x2.extract_lane(exponential(f64x2.splat(x)), 0);
}

// @ts-ignore: decorator
@inline
function put(to: usize, row: i32, a: f32, b: f32, c: f32): void {
  const address = at(to, 3 * row);
  store<f32>(address, a);
  store<f32>(address, b, 4);
  store<f32>(address, c, 8);
}
