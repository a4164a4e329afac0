import { STAGE_BYTES } from "../../src/kernels/block-sizes";
import { exponential, logOnePlusRatio } from "../logarithm";
import { Window } from "./window-exp";

/**
 * What a row comes to, from its sums over the classes: O(1) a row, in float64. One class e is left out of the sum of the
 * exponentials, so that with R = Σ_{j≠e} e^(z_j − o) and E = e^(z_e − o) nothing cancels: lse − z_e = log(1 + R/E). Here z are the
 * logits as the loss takes them, divided by the temperature and capped, but for those that are float32: these are as given.
 */
@unmanaged
export class RowStage {
  /** The label, −1 without one. */
  label: i32;
  isIgnored: bool;
  /** Whether there is a loss to compute: the row is not ignored, and its largest logit is finite. */
  isLive: bool;
  /** Of a row that is cut: whether its reference was guessed, and whether the sums by that guess stand. */
  isGuessed: bool;
  isSummed: bool;
  /** e, and its logit */
  excluded: i32;
  zExcluded: f32;
  /** What o followed before the row was read. */
  guess: f32;
  /** The largest logit, and o = t·base + k·ln 2. */
  m: f32;
  base: f32;
  k: f32;
  /** The label's logit, for who cannot look again because the gradient may stand there. */
  zLabel: f32;
  /** u·t for u = scale·rowScale: what the loss of a row counts in the gradient of logits as given. */
  unit: f64;
  /** z_e, z_e − z_label, and with a cap the slope of both, ∂z/∂(logit as given); 1 without. */
  top: f64;
  labelBelow: f64;
  topSlope: f64;
  labelSlope: f64;
  /** Σ_{j≠e} T_j, T_e, and Σ T_j·(z_e − z_j). */
  others: f64;
  atExcluded: f64;
  dot: f64;
  /** The part of T_label that is not spread over the classes: (1−ε)·w_label, 0 without labels. */
  atLabel: f64;
  /** o − z_e */
  d: f64;
  R: f64;
  E: f64;
  /** lse − z_e */
  logRatio: f64;
  /** The loss is lossFactor·(cross-entropy) + lossAdded, its gradient (weight·S + pull)·p − weight·T. */
  lossFactor: f64;
  lossAdded: f64;
  weight: f64;
  pull: f64;

  /** A row with this label, if it is labelled at all. Its sums are empty. */
  start(isLabelled: bool, label: i32, unit: f64): void {
    this.startHere(isLabelled, label, unit);
  }

  /** {@link start} without a call. */
  // @ts-ignore: decorator
  @inline
  startHere(isLabelled: bool, label: i32, unit: f64): void {
    this.label = isLabelled ? label : -1;
    this.isIgnored = isLabelled && label < 0;
    this.isLive = false;
    this.unit = unit;
    this.others = 0;
    this.atExcluded = 0;
    this.dot = 0;
    this.atLabel = 0;
    this.topSlope = 1;
    this.labelSlope = 1;
    this.lossFactor = 1;
    this.lossAdded = 0;
    this.weight = 1;
    this.pull = 0;
  }

  /** Leaves class e out of the sum. */
  // @ts-ignore: decorator
  @inline
  exclude(excluded: i32, zExcluded: f32): void {
    this.excluded = excluded;
    this.zExcluded = zExcluded;
  }

  /** The largest logit besides z_e is `largestOther`: says whether there is a loss to compute. */
  // @ts-ignore: decorator
  @inline
  setLargest(largestOther: f32): void {
    this.m = largestOther < this.zExcluded ? this.zExcluded : largestOther;
    this.isLive = !this.isIgnored && abs(this.m) < Infinity;
  }

  /** Puts o a little below `reference`. It follows the other logits, not z_e: then they keep their bits however far e leads. */
  refer(window: Window, reference: f32): void {
    this.referHere(window, reference);
  }

  /** {@link refer} without a call. */
  // @ts-ignore: decorator
  @inline
  referHere(window: Window, reference: f32): void {
    this.base = window.baseOf(reference);
    this.k = window.exponentOf(reference);
    this.top = window.t * this.zExcluded;
    this.d = window.referenceMinus(this.zExcluded, this.base, this.k);
  }

  /** Adds a target of `amount` at the label, whose logit is `zLabel`. */
  // @ts-ignore: decorator
  @inline
  addLabel(window: Window, amount: f64, zLabel: f32): void {
    this.addLabelBelow(amount, this.label == this.excluded ? 0 : window.t * (<f64>this.zExcluded - <f64>zLabel));
  }

  /** Adds a target of `amount` at the label, which lies `below` z_e. */
  // @ts-ignore: decorator
  @inline
  addLabelBelow(amount: f64, below: f64): void {
    this.atLabel = amount;
    this.labelBelow = below;
    if (amount == 0) return;
    if (this.label == this.excluded) {
      this.atExcluded += amount;
    } else {
      this.others += amount;
      this.dot += amount * below;
    }
  }

  /** S = Σ T_j */
  // @ts-ignore: decorator
  @inline
  total(): f64 {
    return this.others + this.atExcluded;
  }

  /** The row's loss, Σ T_j·(lse − z_j) with its further terms. */
  // @ts-ignore: decorator
  @inline
  loss(): f64 {
    const S = this.total();
    // 0·∞ is 0, but a NaN stays.
    const crossEntropy = this.dot + (S == 0 ? (this.R + this.E) * 0 : S * this.logRatio);
    return this.lossFactor * crossEntropy + this.lossAdded;
  }

  /** f in the gradient f·e^(z_j − o) − … of class j; 0 for a row that is not live. */
  // @ts-ignore: decorator
  @inline
  factor(): f64 {
    return this.isLive ? (this.unit * (this.weight * this.total() + this.pull)) / (this.R + this.E) : 0;
  }

  /** b in its − b·T_j. */
  // @ts-ignore: decorator
  @inline
  targetFactor(): f64 {
    return this.unit * this.weight;
  }

  /** The gradient of class e. E may be e^700, so it is divided before it is multiplied. */
  // @ts-ignore: decorator
  @inline
  gradientAtExcluded(): f64 {
    const V = this.R + this.E;
    const E = this.E / V;
    return (
      this.unit * (this.weight * (this.others * E - this.atExcluded * (this.R / V)) + this.pull * E) * this.topSlope
    );
  }

  /** What the label's own target adds to its gradient. */
  // @ts-ignore: decorator
  @inline
  gradientOfLabel(): f64 {
    return -this.targetFactor() * this.atLabel * this.labelSlope;
  }
}

/** Factors from here on are normal float32, and so are their products with exponentials that count: 2^−100. */
export const LEAST_FACTOR: f64 = 7.888609052210118e-31;

/**
 * A factor as two that are normal float32: a tiny one is none, although its products may be. The second is 1 or 2^−100.
 */
// @ts-ignore: decorator
@inline
export function secondFactor(factor: f64): f64 {
  return abs(factor) < LEAST_FACTOR ? LEAST_FACTOR : 1;
}

// @ts-ignore: decorator
@inline
export function stageOf(stages: usize, i: i32): RowStage {
  return changetype<RowStage>(stages + <usize>i * STAGE_BYTES);
}

/**
 * E and lse − z_e from R and d, for `count` stages, two at a time (an odd last one with whatever lies behind it). In two turns: the
 * processor sees more rows at once while it waits for each.
 */
export function finishStages(stages: usize, count: i32): void {
  for (let i = 0; i < count; i += 2) {
    const a = stageOf(stages, i);
    const b = stageOf(stages, i + 1);
    const E = exponential(f64x2.neg(f64x2.replace_lane(f64x2.splat(a.d), 1, b.d)));
    a.E = f64x2.extract_lane(E, 0);
    b.E = f64x2.extract_lane(E, 1);
  }
  for (let i = 0; i < count; i += 2) {
    const a = stageOf(stages, i);
    const b = stageOf(stages, i + 1);
    const d = f64x2.replace_lane(f64x2.splat(a.d), 1, b.d);
    const R = f64x2.replace_lane(f64x2.splat(a.R), 1, b.R);
    const E = f64x2.replace_lane(f64x2.splat(a.E), 1, b.E);
    const logRatio = logOnePlusRatio(R, E, d);
    a.logRatio = f64x2.extract_lane(logRatio, 0);
    b.logRatio = f64x2.extract_lane(logRatio, 1);
  }
}
