// What the contract calls diagnostics of a row: rank of the label, entropy, margin.
import { logOnePlusRatio } from "../logarithm";
import { at } from "../simd";
import { Depth, sumWithout } from "./depth";
import { firstIndexOf, largest, largestWithout } from "./largest";
import { inverseOf } from "./window-exp";

/** Offset of two sums in the local scratch, behind the depth. */
const SUMS: usize = 112;

/** Block: a row. y is the label or, with probabilities, the likeliest class. (−1, 0, 0) for an ignored row, NaN for one that is not finite. */
export function lossDiagnostics(
  diagnostics: usize,
  logits: usize,
  labels: usize,
  probabilities: usize,
  temperature: usize,
  classes: i32,
  t: f64,
  softcap: f64,
  begin: i32,
  end: i32,
  local: usize,
): void {
  const depth = changetype<Depth>(local);
  depth.open(inverseOf(temperature, t), softcap);
  for (let row = begin; row < end; row++) {
    const first = (<usize>row * <usize>classes) << 2;
    const z = logits + first;
    const label = labels ? load<i32>(at(labels, row)) : 0;
    if (label < 0) {
      put(diagnostics, row, -1, 0, 0);
      continue;
    }
    const top = largest(z, classes);
    depth.start(top);
    sumWithout(firstIndexOf(top, z, classes), local + SUMS, depth, z, classes, false);
    const rest = load<f64>(local + SUMS);
    if (rest != rest || !(abs(top) < Infinity)) {
      put(diagnostics, row, NaN, NaN, NaN);
      continue;
    }
    const spread = f64x2.extract_lane(logOnePlusRatio(f64x2.splat(rest), f64x2.splat(1), f64x2.splat(0)), 0);
    const entropy = spread + load<f64>(local + SUMS, 8) / (1 + rest);
    const q = probabilities + first;
    const y = probabilities ? firstIndexOf(largest(q, classes), q, classes) : label;
    const own = load<f32>(at(z, y));
    // The nearest other class is the largest other logit.
    const both = f64x2.replace_lane(f64x2.splat(<f64>largestWithout(y, z, classes)), 1, <f64>own);
    const below = depth.of(both);
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

// @ts-ignore: decorator
@inline
function put(to: usize, row: i32, a: f32, b: f32, c: f32): void {
  const address = at(to, 3 * row);
  store<f32>(address, a);
  store<f32>(address, b, 4);
  store<f32>(address, c, 8);
}
