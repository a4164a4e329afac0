// What the contract calls diagnostics of a row: rank of the label, entropy, margin. In float64, for who asks for them.
import { exponential, logOnePlusRatio } from "../logarithm";
import { at, sumOfDoubles } from "../simd";
import { Cap, cappedPair } from "./capped-logits";
import { firstIndexOf, largest, largestWithout } from "./largest";

/** How far below the largest logit others lie as the loss takes them, divided by the temperature and capped. */
@unmanaged
class Depth {
  t: f64;
  softcap: f64;
  top: f64;
  cappedTop: f64;

  /** Of two logits. The difference first: scaled by themselves, logits with a large common offset would lose it. */
  // @ts-ignore: decorator
  @inline
  of(cap: Cap, z: v128): v128 {
    if (this.softcap == 0) return f64x2.mul(f64x2.sub(f64x2.splat(this.top), z), f64x2.splat(this.t));
    return f64x2.sub(f64x2.splat(this.cappedTop), cappedPair(cap, z));
  }
}

/** Offsets in the local scratch: the depth, the cap, two sums. */
const CAP: usize = 32;
const SUMS: usize = 80;

/** Block: a row. y is the label or, with probabilities, the likeliest class. (−1, 0, 0) for an ignored row, NaN for one that is not finite. */
export function lossDiagnostics(
  diagnostics: usize,
  logits: usize,
  labels: usize,
  probabilities: usize,
  classes: i32,
  t: f64,
  softcap: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const depth = changetype<Depth>(local);
  const cap = changetype<Cap>(local + CAP);
  depth.t = t;
  depth.softcap = softcap;
  if (softcap != 0) cap.start(t, softcap);
  for (let row = begin; row < end; row++) {
    const first = (<usize>row * <usize>classes) << 2;
    const z = logits + first;
    const label = labels ? load<i32>(at(labels, row)) : -1;
    if (labels != 0 && label < 0) {
      put(diagnostics, row, -1, 0, 0);
      continue;
    }
    const top = largest(z, classes);
    depth.top = top;
    if (softcap != 0) depth.cappedTop = cap.valueOf(top);
    const k = firstIndexOf(top, z, classes);
    v128.store(local + SUMS, f64x2.splat(0));
    addClasses(local + SUMS, depth, cap, z, 0, k);
    addClasses(local + SUMS, depth, cap, z, k + 1, classes);
    const rest = load<f64>(local + SUMS);
    if (rest != rest || !(abs(top) < Infinity)) {
      put(diagnostics, row, NaN, NaN, NaN);
      continue;
    }
    const spread = f64x2.extract_lane(logOnePlusRatio(f64x2.splat(rest), f64x2.splat(1), f64x2.splat(0)), 0);
    const entropy = spread + load<f64>(local + SUMS, 8) / (1 + rest);
    const q = probabilities + first;
    const y = labels ? label : firstIndexOf(largest(q, classes), q, classes);
    const own = load<f32>(at(z, y));
    // The nearest other class is the largest other logit.
    const both = f64x2.replace_lane(f64x2.splat(<f64>largestWithout(y, z, classes)), 1, <f64>own);
    const below = depth.of(cap, both);
    const margin = classes == 1 ? Infinity : f64x2.extract_lane(below, 0) - f64x2.extract_lane(below, 1);
    put(diagnostics, row, <f32>rankOf(z, classes, y, own), <f32>entropy, <f32>margin);
  }
}

/** How many logits come before that of class y: the larger ones, and the equal ones before it. */
function rankOf(z: usize, classes: i32, y: i32, own: f32): i32 {
  let rank = 0;
  for (let j = 0; j < classes; j++) {
    const x = load<f32>(at(z, j));
    if (x > own || (x == own && j < y)) rank++;
  }
  return rank;
}

/** Adds Σ e^−depth and Σ e^−depth·depth of the classes from ≤ j < to. */
function addClasses(sums: usize, depth: Depth, cap: Cap, z: usize, from: i32, to: i32): void {
  let rest = f64x2.splat(0);
  let heat = f64x2.splat(0);
  for (let j = from; j < to; j += 2) {
    const isLast = j + 1 == to;
    const logits = isLast ? f64x2.splat(<f64>load<f32>(at(z, j))) : f64x2.promote_low_f32x4(v128.load64_zero(at(z, j)));
    const below = depth.of(cap, logits);
    // Nothing is left of a class at −∞, and a lone class counts once.
    let e = v128.andnot(exponential(f64x2.neg(below)), f64x2.gt(below, f64x2.splat(700)));
    if (isLast) e = f64x2.replace_lane(e, 1, 0);
    rest = f64x2.add(rest, e);
    heat = f64x2.add(heat, v128.andnot(f64x2.mul(e, below), f64x2.eq(e, f64x2.splat(0))));
  }
  store<f64>(sums, load<f64>(sums) + sumOfDoubles(rest));
  store<f64>(sums, load<f64>(sums, 8) + sumOfDoubles(heat), 8);
}

// @ts-ignore: decorator
@inline
function put(to: usize, row: i32, a: f32, b: f32, c: f32): void {
  const address = at(to, 3 * row);
  store<f32>(address, a);
  store<f32>(address, b, 4);
  store<f32>(address, c, 8);
}
