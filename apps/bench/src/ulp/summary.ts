import type { Variant } from "../subject.ts";
import type { TargetKind } from "./batch.ts";
import type { Exactness } from "./measure.ts";
import { together } from "./tally.ts";

/** All rows of one kind of target on one variant: the largest errors in ulp, and what is allowed. */
export interface ExactnessRow {
  readonly kind: TargetKind;
  readonly variant: Variant;
  readonly rows: number;
  readonly loss: number;
  /** The share of losses within 1 ulp. */
  readonly within: number;
  /** The label's or another. */
  readonly gradient: number;
  readonly allowed: { readonly loss: number; readonly within: number; readonly gradient: number };
}

export function exactnessRows(variants: readonly Variant[], { section, bounds }: Exactness): ExactnessRow[] {
  return variants.map((variant, v) => {
    const { rows, within, loss, labelGradient, gradient } = together(section.tallies.map(({ tallies }) => tallies[v]!));
    const held = bounds[v]!;
    return {
      kind: section.kind,
      variant,
      rows,
      loss: loss.ulp,
      within: within / rows,
      gradient: Math.max(labelGradient.ulp, gradient.ulp),
      allowed: { loss: held.loss.ulp, within: held.loss.mostly?.share ?? 1, gradient: held.gradient.ulp },
    };
  });
}
