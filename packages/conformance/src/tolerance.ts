/**
 * How wrong a number may be: the only place (docs/semantics.md §7). Everything here goes by precision class, never by name.
 *
 * One rule judges every number: |actual − expected| ≤ ulp · (one ulp of the value, or of the terms) + scaled · scale.
 * The oracle states, next to each expected value, its scale and the magnitude of the terms that went into it.
 */
import type { PrecisionClass } from "@surprisal/core";

/** What is being judged. The class of the backend and this word give the tolerance. */
export type Quantity =
  /** Data that is moved, chosen or compared, never rounded: rearrange, gather, select, max, relu, … */
  | "exact"
  /** α·x + β, products, differences. Terms: the largest summand. */
  | "arithmetic"
  | "division"
  /** exp, expm1, log, log1p, tanh, sigmoid. Terms: |f| + |x·f′(x)|, what one rounding of the argument costs. */
  | "elementary"
  /** pow, normalCdf, gelu: several elementary steps. Terms as for elementary. */
  | "composed"
  /** Sums, of scale Σ|x|. */
  | "sum"
  /** Matrix products, of scale Σ|a|·|b|. */
  | "product"
  /** Row losses and gradients for one-hot labels. Scale: max(1, |ℓ|), |u|·max(1, max|T|, |S|). */
  | "loss"
  | "gradient"
  /** The same for smoothed labels and probabilities. Terms: Σ|T|·(m − z) + |S|·log1p(s′); |u|·max(|S|·p, |T|). */
  | "soft loss"
  | "soft gradient"
  /**
   * Losses and gradients with further terms (temperature, cap, z-loss, focal, poly), entropies and margins. Terms: those of
   * the loss, and |x·f′(x)| where a rounded number goes into an exp, a power or a square.
   */
  | "term loss"
  | "term gradient"
  /** The complement sum of a row's state, of scale 1 + s′. */
  | "state"
  /** Rows whose label leads by a margin. Scale: |value|·(1 + margin/10), so the bound is relative. */
  | "confident loss"
  | "confident gradient"
  | "confident state"
  /**
   * What core makes of several kernels, each of which rounds: softmax, a mean of losses, a second derivative. Terms: what
   * is summed, and |x·f′(x)| where a rounded number goes into an exp.
   */
  | "derived"
  /** Second derivatives of rows whose label leads by a margin: as for "confident gradient", by several kernels. */
  | "confident curvature"
  /** The same under further terms. Terms: |value| times what powers, exps and caps amplify. */
  | "confident term curvature"
  /** New parameters and moments of an optimizer. Terms: the summands. */
  | "update";

/** A bound for one quantity on one class of backend. */
export interface Judgement {
  readonly quantity: Quantity;
  readonly precision: PrecisionClass;
  /** Allowed error in units in the last place of the backend's format. */
  readonly ulp: number;
  /** Whether the ulp is that of the expected value or that of the largest term that went into it. */
  readonly at: "value" | "terms";
  /** Allowed error in units of the scale, on top. */
  readonly scaled: number;
  /** Expected magnitudes below this may come out as anything between 0 and this: devices flush small numbers. */
  readonly flushBelow: number;
  /** A stricter bound that most of the values keep: at least `share` of them within `ulp`. */
  readonly mostly?: { readonly ulp: number; readonly share: number } | undefined;
}

interface Bound {
  readonly ulp?: number;
  readonly at?: "value" | "terms";
  readonly scaled?: number;
  readonly flushBelow?: number;
  readonly mostly?: { readonly ulp: number; readonly share: number };
}

/** float64 throughout. The loss: 1e-14 of scale. Sums: blocks of 4096 plain additions stay two digits below that. */
const f64: Record<Quantity, Bound> = {
  exact: {},
  arithmetic: { ulp: 1, at: "terms" },
  division: { ulp: 1 },
  // The engines' exp and log are within 1 ulp; sigmoid and tanh put three such steps together.
  elementary: { ulp: 4 },
  composed: { ulp: 16, at: "terms" },
  sum: { scaled: 1e-14 },
  product: { scaled: 1e-14 },
  loss: { scaled: 1e-14 },
  gradient: { scaled: 1e-14 },
  "soft loss": { scaled: 1e-14 },
  "soft gradient": { scaled: 1e-14 },
  "term loss": { scaled: 1e-14 },
  "term gradient": { scaled: 1e-14 },
  state: { scaled: 1e-14 },
  "confident loss": { scaled: 1e-14 },
  "confident gradient": { scaled: 1e-14 },
  "confident state": { scaled: 1e-14 },
  derived: { ulp: 32, at: "terms" },
  "confident curvature": { scaled: 1e-14 },
  "confident term curvature": { ulp: 32, at: "terms" },
  update: { ulp: 8, at: "terms" },
};

/** One rounding of a float64 result: half an ulp, and what float64 itself loses where terms cancel. */
const f32Rounded: Record<Quantity, Bound> = {
  exact: {},
  arithmetic: { ulp: 1 },
  division: { ulp: 1 },
  elementary: { ulp: 1 },
  composed: { ulp: 1 },
  sum: { ulp: 1, scaled: 1e-14 },
  product: { ulp: 1, scaled: 1e-14 },
  loss: { ulp: 1 },
  gradient: { ulp: 2 },
  "soft loss": { ulp: 1, scaled: 1e-14 },
  "soft gradient": { ulp: 2, scaled: 1e-14 },
  "term loss": { ulp: 1, scaled: 1e-14 },
  "term gradient": { ulp: 2, scaled: 1e-14 },
  state: { ulp: 1 },
  "confident loss": { ulp: 1 },
  "confident gradient": { ulp: 2 },
  "confident state": { ulp: 1 },
  derived: { ulp: 8, at: "terms" },
  "confident curvature": { ulp: 8 },
  "confident term curvature": { ulp: 8, at: "terms" },
  // The moments are rounded before the parameter uses them.
  update: { ulp: 2, at: "terms" },
};

const f32: Record<Quantity, Bound> = {
  exact: {},
  // α and β are rounded to float32, then one product and one addition are, the sum perhaps in the binade above: 2.5.
  arithmetic: { ulp: 2.5, at: "terms" },
  division: { ulp: 1 },
  // A vector exp of degree 5 or 6 reaches 1 to 2; tanh and sigmoid divide two of them.
  elementary: { ulp: 4 },
  composed: { ulp: 8, at: "terms" },
  // 256 plain float32 additions of random signs lose about 2e-7, of equal numbers up to 1e-6.
  sum: { ulp: 1, scaled: 1e-6 },
  product: { ulp: 1, scaled: 1e-6 },
  loss: { ulp: 3, mostly: { ulp: 1, share: 0.98 } },
  gradient: { ulp: 5 },
  "soft loss": { ulp: 3, at: "terms", mostly: { ulp: 1, share: 0.98 } },
  "soft gradient": { ulp: 5, at: "terms" },
  // s' is a sum of the same exps that the gradient has.
  "term loss": { ulp: 3, at: "terms" },
  "term gradient": { ulp: 5, at: "terms" },
  state: { ulp: 5 },
  "confident loss": { ulp: 3 },
  "confident gradient": { ulp: 5 },
  "confident state": { ulp: 5 },
  derived: { ulp: 16, at: "terms", scaled: 1e-6 },
  "confident curvature": { ulp: 24 },
  "confident term curvature": { ulp: 24, at: "terms" },
  update: { ulp: 4, at: "terms" },
};

/** WGSL's bounds: + and · correctly rounded, division 2.5 ulp, exp 3 + 2·|x| ulp, log 2^−21 near 1. */
const f32Gpu: Record<Quantity, Bound> = {
  exact: {},
  arithmetic: { ulp: 3, at: "terms" },
  division: { ulp: 3 },
  elementary: { ulp: 8, at: "terms" },
  composed: { ulp: 32, at: "terms" },
  sum: { ulp: 1, scaled: 4e-6 },
  product: { ulp: 1, scaled: 4e-6 },
  loss: { scaled: 1e-6 },
  gradient: { scaled: 1e-6 },
  "soft loss": { scaled: 4e-6 },
  "soft gradient": { scaled: 4e-6 },
  "term loss": { ulp: 16, at: "terms", scaled: 4e-6 },
  "term gradient": { ulp: 16, at: "terms", scaled: 4e-6 },
  state: { scaled: 4e-6 },
  // So that returning 0 does not pass.
  "confident loss": { scaled: 2e-5, flushBelow: 1e-37 },
  "confident gradient": { scaled: 2e-5, flushBelow: 1e-37 },
  "confident state": { scaled: 2e-5, flushBelow: 1e-37 },
  derived: { ulp: 64, at: "terms", scaled: 4e-6 },
  "confident curvature": { scaled: 4e-5, flushBelow: 1e-37 },
  "confident term curvature": { scaled: 4e-5, flushBelow: 1e-37 },
  update: { ulp: 16, at: "terms" },
};

const bounds: Record<PrecisionClass, Record<Quantity, Bound>> = {
  f64,
  "f32-rounded": f32Rounded,
  f32,
  "f32-gpu": f32Gpu,
};

/** The judgement of `quantity` on a backend of class `precision`. */
export function tolerance(precision: PrecisionClass, quantity: Quantity): Judgement {
  const bound = bounds[precision][quantity];
  return {
    quantity,
    precision,
    ulp: bound.ulp ?? 0,
    at: bound.at ?? "value",
    scaled: bound.scaled ?? 0,
    flushBelow: bound.flushBelow ?? (precision === "f64" ? 2 ** -1022 : 2 ** -126),
    mostly: bound.mostly,
  };
}

/** The judgement between two results that may each be wrong by it: the sum of both. */
export function betweenTwo(judgement: Judgement): Judgement {
  return { ...judgement, ulp: 2 * judgement.ulp, scaled: 2 * judgement.scaled, mostly: undefined };
}
