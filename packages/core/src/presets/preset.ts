import { OptionError, ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import type { Denominator, Reduction } from "../loss/loss-options.ts";
import { checkKeys } from "../options.ts";

/**
 * Another system's softmax cross-entropy, as data: what it leaves to defaults and where its answers are not ours. The
 * kernels are the same for all of them.
 *
 * Label smoothing has no entry, since it has one meaning everywhere: T = (1−ε)·T + ε/C. Numerical defects have none
 * either: no preset loses an offset, clips a probability, or gives 0 for a margin of 17.
 *
 * A preset of one's own is a record too: `{ ...torch, emptyMean: 0 }`.
 */
export interface Preset {
  /** What messages call it. */
  readonly name: string;
  /** The system and version whose answers these are. */
  readonly system: string;
  /** What the loss gives unless told otherwise. */
  readonly reduction: Reduction;
  /** What a mean divides by. */
  readonly denominator: Denominator;
  /** The mean where that is 0: 0, or NaN for 0/0. Its gradient is 0. */
  readonly emptyMean: number;
  /** The label whose rows are skipped unless told otherwise; no meaning with probabilities. */
  readonly ignoreIndex: number | undefined;
  /** Whether labels −C … −1 count from the end. All others that name no class are LabelErrors, in every preset. */
  readonly labelsOutOfRange: "error" | "wrap";
  /** ∂ℓ/∂z for rows of probabilities: `"exact"` S·p − T, or `"p - q"`, which is another thing where S ≠ 1. */
  readonly softGradient: "exact" | "p - q";
  /** Where the classes are: the last axis, or the second (the first of a single example). */
  readonly classAxis: "last" | "second";
}

/** The settings of a preset, in the order in which they are told. */
export const PRESET_SETTINGS: readonly PresetSetting[] = [
  "reduction",
  "denominator",
  "emptyMean",
  "ignoreIndex",
  "labelsOutOfRange",
  "softGradient",
  "classAxis",
];

/** The name of a setting. */
export type PresetSetting = Exclude<keyof Preset, "name" | "system">;

/** Refuses what is no preset. The values of its settings are checked where they are used. */
export function checkPreset(op: string, preset: unknown): void {
  if (typeof preset !== "object" || preset === null) {
    throw new ValueError(
      `${op}: a preset is a record such as torch of "@surprisal/core/compat", not ${nameOf(preset)}; pass the record`,
    );
  }
  const known = ["name", "system", ...PRESET_SETTINGS];
  checkKeys(op, preset, known);
  const missing = known.find((key) => !Object.hasOwn(preset, key));
  if (missing !== undefined) {
    throw new OptionError(`${op}: the preset says nothing of ${missing}; start from one: { ...torch, … }`);
  }
}
