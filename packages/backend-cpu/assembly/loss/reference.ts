/**
 * What the reference o of a row follows. A good guess is to be had before the row was read: the largest of some of its
 * logits. Where the row's own largest turns out to be not much above it, no pass for the maximum was needed.
 */
import { at, upperHalf } from "../simd";
import { Window } from "./window-exp";

/** So many vectors at both ends of the row are looked at. Others would have to be fetched out of order, which costs more than it gains. */
const SAMPLES: i32 = 4;

/** e^(t·z − o) stays far below float32's largest number for t·z up to so much above the guess. */
const MOST_ABOVE: f64 = 45;

/** The largest logit in a sample of the row without the excluded one, NaN left aside; −∞ for none. */
export function guessFor(z: usize, classes: i32, excluded: i32): f32 {
  const vectors = classes >> 2;
  const own = excluded >> 2;
  let best = f32x4.splat(-Infinity);
  for (let i = 0; i < SAMPLES && i < vectors; i++) {
    const last = vectors - 1 - i;
    // pmax(best, x) is best where x is NaN.
    if (i != own) best = f32x4.pmax(best, v128.load(at(z, i << 2)));
    if (last != own) best = f32x4.pmax(best, v128.load(at(z, last << 2)));
  }
  best = f32x4.pmax(best, upperHalf(best));
  return max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1));
}

/** Whether a guess may stay the reference of a row whose largest other logit is known now. */
// @ts-ignore: decorator
@inline
export function isGood(window: Window, guess: f32, largestOther: f32): bool {
  return window.isDirect(guess) && window.isDirect(largestOther) && (largestOther - guess) * window.t < MOST_ABOVE;
}

/** The largest other logit; m where there is none. */
// @ts-ignore: decorator
@inline
export function exactReference(largestOther: f32, m: f32): f32 {
  return largestOther > -Infinity ? largestOther : m;
}
