// The sums of the exponentials of four rows in the lanes of vectors.
import { exponential } from "../logarithm";
import { at } from "../simd";
import { EXACT_SUMS, K, SUMS } from "./lane-part";
import { GROUP_BYTES, storedExps, Window } from "./window-exp";

/** With so few classes the sum of the exponentials is float64 throughout: no roundings average out. */
const FEW_CLASSES: i32 = 4;

/** Where R of the rows stands. */
// @ts-ignore: decorator
@inline
export function sumsOf(parts: usize, classes: i32): usize {
  return parts + (classes <= FEW_CLASSES ? EXACT_SUMS : SUMS);
}

/** R of the four rows, and in the tile their exponentials where these are wanted. */
// @ts-ignore: decorator
@inline
export function sumTile(window: Window, tile: usize, part: usize, classes: i32, groups: i32, isWanted: bool): void {
  v128.store(part + SUMS, f64x2.splat(0));
  v128.store(part + SUMS, f64x2.splat(0), 16);
  if (classes <= FEW_CLASSES) sumInDoubles(window, tile, classes, part);
  if (isWanted || classes > FEW_CLASSES) {
    storedExps(window, tile, tile, GROUP_BYTES, groups, v128.load(part + K), part + SUMS);
  }
}

function sumInDoubles(window: Window, tile: usize, classes: i32, part: usize): void {
  for (let lane = 0; lane < 4; lane += 2) {
    const k: f64 = load<f32>(at(part + K, lane));
    const nextK: f64 = load<f32>(at(part + K, lane + 1));
    let sum = f64x2.splat(0);
    for (let j = 0; j < classes; j++) {
      const x = at(tile, 4 * j + lane);
      const above = f64x2.splat(window.rest * load<f32>(x) - k * window.ln2);
      sum = f64x2.add(
        sum,
        exponential(f64x2.replace_lane(above, 1, window.rest * load<f32>(x, 4) - nextK * window.ln2)),
      );
    }
    v128.store(part + EXACT_SUMS + ((<usize>lane) << 3), sum);
  }
}
