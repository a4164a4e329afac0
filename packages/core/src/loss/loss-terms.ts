import type { LossTerms } from "../backend.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { show } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { RowLossOptions } from "./loss-options.ts";

/** What the loss has beyond cross-entropy: numbers for the kernel, and a temperature that lives on the device. */
export interface CheckedTerms {
  /** Absent where all of them are neutral and there is no temperature on the device. */
  readonly terms: LossTerms | undefined;
  readonly temperature: Tensor | undefined;
}

/** Terms that say nothing. */
export const NO_TERMS: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };

type TermOptions = Pick<RowLossOptions, "zLoss" | "temperature" | "softcap" | "focal" | "poly">;

/** Checks zLoss, temperature, softcap, focal and poly. */
export function checkedTerms(op: string, options: TermOptions): CheckedTerms {
  const temperature = options.temperature instanceof Tensor ? options.temperature : undefined;
  if (temperature !== undefined && temperature.rank !== 0) {
    throw new ShapeError(
      `${op}: a temperature on the device is a scalar [], not ${show(temperature.shape)}; divide the logits by it instead`,
    );
  }
  const terms: LossTerms = {
    inverseTemperature:
      temperature === undefined ? 1 / above(op, "temperature", options.temperature as number | undefined, 1) : 1,
    softcap: above(op, "softcap", options.softcap, 0),
    zLoss: atLeast(op, "zLoss", 0, options.zLoss),
    focal: atLeast(op, "focal", 0, options.focal),
    poly: atLeast(op, "poly", -1, options.poly),
  };
  return { terms: temperature === undefined ? unlessNeutral(terms) : terms, temperature };
}

/** The terms, or nothing where they say nothing. */
export function unlessNeutral(terms: LossTerms): LossTerms | undefined {
  const { inverseTemperature, softcap, zLoss, focal, poly } = terms;
  return inverseTemperature === 1 && softcap === 0 && zLoss === 0 && focal === 0 && poly === 0 ? undefined : terms;
}

/** Numbers of a device in float32 must hold these and their reciprocals. */
const LARGEST = 2 ** 100;

function above(op: string, name: string, value: number | undefined, neutral: number): number {
  if (value === undefined) return neutral;
  if (typeof value === "number" && value >= 1 / LARGEST && value <= LARGEST) return value;
  throw new OptionError(
    `${op}: ${name} is a number above 0, from 2^-100 to 2^100, not ${nameOf(value)}; leave it out for none`,
  );
}

function atLeast(op: string, name: string, low: number, value: number | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && value >= low && value <= LARGEST) return value;
  throw new OptionError(`${op}: ${name} is a number from ${low} to 2^100, not ${nameOf(value)}`);
}
