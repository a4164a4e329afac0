/**
 * What the reference o of a row follows. A good guess is to be had before the row was read: the largest of its first
 * logits. Where the row's own largest turns out to be not much above it, no pass for the maximum was needed.
 */
import { largest, largestWithout } from "./largest";
import { isDirect } from "./window-exp";

/** So many of the first logits are looked at. */
const GUESSED_FROM: i32 = 16;

/** e^(z − o) stays far below float32's largest number for z up to so much above the guess. */
const MOST_ABOVE: f32 = 45;

/** The largest of the first logits but the excluded one, NaN left aside; −∞ for none. */
// @ts-ignore: decorator
@inline
export function guessFor(z: usize, classes: i32, excluded: i32): f32 {
  const count = min(classes, GUESSED_FROM);
  return excluded < count ? largestWithout(excluded, z, count) : largest(z, count);
}

/** Whether a guess may stay the reference of a row whose largest other logit is known now. */
// @ts-ignore: decorator
@inline
export function isGood(guess: f32, largestOther: f32): bool {
  return isDirect(guess) && isDirect(largestOther) && largestOther - guess < MOST_ABOVE;
}

/** The largest other logit; m where there is none. */
// @ts-ignore: decorator
@inline
export function exactReference(largestOther: f32, m: f32): f32 {
  return largestOther > -Infinity ? largestOther : m;
}
