import type { LossTerms } from "@surprisal/core";

/** z′, the logits as the loss takes them: divided by the temperature, then capped. */
export interface ScaledLogits {
  /** z′. */
  value(z: number): number;
  /** How far z′ lies below the largest, whose logit is `top`. */
  below(top: number, z: number): number;
  /** ∂z′/∂z. */
  slope(z: number): number;
}

const unscaled: ScaledLogits = { value: (z) => z, below: (top, z) => top - z, slope: () => 1 };

/** How the terms of a loss scale its logits; not at all without terms. */
export function scaledLogits(terms: LossTerms | undefined): ScaledLogits {
  if (terms === undefined) return unscaled;
  const { inverseTemperature: t, softcap: c } = terms;
  // The difference first: scaled by themselves, logits with a large common offset would lose it.
  if (c === 0) return { value: (z) => t * z, below: (top, z) => t * (top - z), slope: () => t };
  const value = (z: number): number => (Number.isFinite(z) ? c * Math.tanh((t * z) / c) : z);
  return {
    value,
    below: (top, z) => value(top) - value(z),
    slope(z) {
      const e = Math.exp(-2 * Math.abs((t * z) / c));
      return (t * 4 * e) / (1 + e) ** 2;
    },
  };
}
