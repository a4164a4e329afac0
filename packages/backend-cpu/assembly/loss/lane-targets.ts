// Targets that are spread over the classes, for four rows in the four lanes of each vector.
import { fourFloats } from "../logarithm";
import { at, multiplyAdd, upperHalf } from "../simd";
import { AT_EXCLUDED, DOTS, EXCLUDED_CLASSES, MAXIMA, OTHERS } from "./lane-part";
import { timesDistance } from "./targets";

/** From so many classes on, roundings of targets in float32 average out. */
const FEWEST_IN_PAIRS: i32 = 16;

const ONE = memory.data<f32>([1]);

/**
 * Turns the tile of probabilities into one of targets that are spread over the classes, and writes their sums to the part. Where
 * there are too few classes for roundings to average out, all of it is float64.
 */
export function addSpreadTargets(
  tile: usize,
  targets: usize,
  classWeights: usize,
  classes: i32,
  keep: f64,
  share: f64,
  t: f64,
  part: usize,
): void {
  for (let lane = 0; lane < 4; lane++) {
    const excluded = load<i32>(at(part + EXCLUDED_CLASSES, lane));
    const w: f64 = classWeights ? load<f32>(at(classWeights, excluded)) : 1;
    const atExcluded = w * (keep * <f64>load<f32>(at(targets, 4 * excluded + lane)) + share);
    store<f64>(part + AT_EXCLUDED + ((<usize>lane) << 3), atExcluded);
  }
  const keepLanes = f32x4.splat(<f32>keep);
  const shareLanes = f32x4.splat(<f32>share);
  const minusHalf = f32x4.splat(-0.5);
  const halfOfM = f32x4.mul(v128.load(part + MAXIMA), f32x4.splat(0.5));
  let w = classWeights ? classWeights : ONE;
  const wStep: usize = classWeights ? 4 : 0;
  let lowerSum = f64x2.splat(0);
  let upperSum = lowerSum;
  let lowerDot = lowerSum;
  let upperDot = lowerSum;
  const end = targets + ((<usize>classes) << 4);
  for (
    let pairs = classes >= FEWEST_IN_PAIRS ? classes >> 1 : 0;
    pairs > 0;
    pairs--, tile += 32, targets += 32, w += wStep << 1
  ) {
    const T0 = f32x4.mul(v128.load32_splat(w), multiplyAdd(v128.load(targets), keepLanes, shareLanes));
    const T1 = f32x4.mul(v128.load32_splat(w + wStep), multiplyAdd(v128.load(targets, 16), keepLanes, shareLanes));
    v128.store(targets, T0);
    v128.store(targets, T1, 16);
    const T = f32x4.add(T0, T1);
    lowerSum = f64x2.add(lowerSum, f64x2.promote_low_f32x4(T));
    upperSum = f64x2.add(upperSum, f64x2.promote_low_f32x4(upperHalf(T)));
    const dot = f32x4.add(
      timesDistance(T0, multiplyAdd(v128.load(tile), minusHalf, halfOfM)),
      timesDistance(T1, multiplyAdd(v128.load(tile, 16), minusHalf, halfOfM)),
    );
    lowerDot = f64x2.add(lowerDot, f64x2.promote_low_f32x4(dot));
    upperDot = f64x2.add(upperDot, f64x2.promote_low_f32x4(upperHalf(dot)));
  }
  lowerDot = f64x2.add(lowerDot, lowerDot);
  upperDot = f64x2.add(upperDot, upperDot);
  const maxima = v128.load(part + MAXIMA);
  for (; targets < end; tile += 16, targets += 16, w += wStep) {
    const q = v128.load(targets);
    const z = v128.load(tile);
    const low = wideTarget(q, w, keep, share);
    const high = wideTarget(upperHalf(q), w, keep, share);
    v128.store(targets, fourFloats(low, high));
    lowerSum = f64x2.add(lowerSum, low);
    upperSum = f64x2.add(upperSum, high);
    lowerDot = f64x2.add(lowerDot, timesWideDistance(low, maxima, z));
    upperDot = f64x2.add(upperDot, timesWideDistance(high, upperHalf(maxima), upperHalf(z)));
  }
  v128.store(part + OTHERS, f64x2.sub(lowerSum, v128.load(part + AT_EXCLUDED)));
  v128.store(part + OTHERS, f64x2.sub(upperSum, v128.load(part + AT_EXCLUDED, 16)), 16);
  v128.store(part + DOTS, f64x2.mul(f64x2.splat(t), lowerDot));
  v128.store(part + DOTS, f64x2.mul(f64x2.splat(t), upperDot), 16);
}

/** What a label has besides the targets that are spread over the classes: `keep` times its weight. */
// @ts-ignore: decorator
@inline
export function targetAtLabel(label: i32, classWeights: usize, keep: f64): f64 {
  const w: f64 = classWeights ? load<f32>(at(classWeights, label)) : 1;
  return keep * w;
}

/** T_j in float64 for two rows. */
// @ts-ignore: decorator
@inline
function wideTarget(q: v128, w: usize, keep: f64, share: f64): v128 {
  const T = f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(q), f64x2.splat(keep)), f64x2.splat(share));
  return f64x2.mul(f64x2.splat(<f64>load<f32>(w)), T);
}

/** T·(m − z) for two rows, 0 where T is 0. */
// @ts-ignore: decorator
@inline
function timesWideDistance(T: v128, m: v128, z: v128): v128 {
  const distance = f64x2.sub(f64x2.promote_low_f32x4(m), f64x2.promote_low_f32x4(z));
  return v128.andnot(f64x2.mul(T, distance), f64x2.eq(T, f64x2.splat(0)));
}
