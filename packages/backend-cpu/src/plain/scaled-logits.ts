import type { LossTerms } from "@surprisal/core";

/** z′, the logits as the loss takes them: divided by the temperature, then capped. */
export interface ScaledLogits {
  /** z′. */
  value(z: number): number;
  /** How far z′ lies below the largest, whose logit is `top`. */
  below(top: number, z: number): number;
  /** ∂z′/∂z. */
  slope(z: number): number;
  /** v = ∂z′/∂τ of the largest logit. */
  topDrift(top: number): number;
  /** w = ∂z′/∂τ less that of the largest logit. */
  drift(top: number, z: number): number;
}

const unscaled: ScaledLogits = {
  value: (z) => z,
  below: (top, z) => top - z,
  slope: () => 1,
  topDrift: (top) => -top,
  drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z),
};

/** How the terms of a loss scale its logits, by the temperature τ of the device if there is one; not at all without terms. */
export function scaledLogits(terms: LossTerms | undefined, temperature?: number): ScaledLogits {
  if (terms === undefined) return unscaled;
  const { softcap: c } = terms;
  const t = temperature === undefined ? terms.inverseTemperature : 1 / temperature;
  if (c === 0) {
    return {
      value: (z) => t * z,
      // The difference first: scaled by themselves, logits with a large common offset would lose it.
      below: (top, z) => t * (top - z),
      slope: () => t,
      topDrift: (top) => -t * t * top,
      drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : t * t * (top - z)),
    };
  }
  const value = (z: number): number => (Number.isFinite(z) ? c * Math.tanh((t * z) / c) : z);
  const slope = (z: number): number => {
    const e = Math.exp(-2 * Math.abs((t * z) / c));
    return (t * 4 * e) / (1 + e) ** 2;
  };
  const drift = (z: number): number => (z === Number.NEGATIVE_INFINITY ? 0 : -t * z * slope(z));
  return {
    value,
    below: (top, z) => value(top) - value(z),
    slope,
    topDrift: drift,
    drift: (top, z) => drift(z) - drift(top),
  };
}
