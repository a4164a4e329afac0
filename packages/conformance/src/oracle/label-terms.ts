import type { Terms } from "./scaled-logits.ts";

/** The focal and poly terms at one label: what they multiply, in the notation of the contract. */
export interface LabelTerms {
  /** r^γ. */
  readonly power: number;
  /** ε₁·r. */
  readonly addend: number;
  /** F, the factor of the gradient. */
  readonly factor: number;
}

/** From r = 1 − p_y and ν = −log p_y. */
export function labelTerms(r: number, nu: number, { focal, poly }: Terms): LabelTerms {
  const power = r ** focal;
  const p = Math.exp(-nu);
  const slope = p === 0 || focal === 0 ? 0 : focal * p * ((r === 0 ? 1 : nu / r) + poly);
  return { power, addend: poly * r, factor: power * (1 + poly - poly * r + slope) };
}
