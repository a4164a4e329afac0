import type { LossTerms } from "@surprisal/core";

/** The label's part in a row: r = 1 − p_y, ν = −log p_y and w_y. */
export interface LabelPart {
  readonly r: number;
  readonly nu: number;
  readonly weight: number;
}

/** r^γ·(ℓ + ε₁·w_y·r), the row loss under the focal and poly terms. */
export function focalPolyLoss(loss: number, { r, weight }: LabelPart, { focal, poly }: LossTerms): number {
  return r ** focal * (loss + poly * weight * r);
}

/** F = r^γ·((1 + ε₁·p_y) + γ·p_y·(ν/r + ε₁)), by which these terms multiply the gradient of cross-entropy. */
export function focalPolyFactor({ r, nu }: LabelPart, { focal, poly }: LossTerms): number {
  const p = Math.exp(-nu);
  const straight = 1 + poly - poly * r;
  if (p === 0) return straight;
  const ratio = r > 0 ? nu / r : 1;
  return r ** focal * (straight + focal * p * (ratio + poly));
}
