import type { PrecisionClass } from "../backend.ts";

/** What a golden row's answer is, and so how wrong it may be. */
export type GoldenQuantity =
  | "exact"
  | "elementary"
  | "loss"
  | "gradient"
  | "soft loss"
  | "soft gradient"
  | "confident loss"
  | "confident gradient"
  | "derived"
  | "update";

/** |error| ≤ ulp units in the last place of the value (or of its terms) + scaled · scale. */
interface Bound {
  readonly ulp: number;
  readonly at: "value" | "terms";
  readonly scaled: number;
}

const value = (ulp: number, scaled = 0): Bound => ({ ulp, at: "value", scaled });
const terms = (ulp: number, scaled = 0): Bound => ({ ulp, at: "terms", scaled });

/** The conformance kit's tolerances (docs/semantics.md §7) for the quantities that stand here; a test compares the two. */
export const GOLDEN_BOUNDS: Readonly<Record<PrecisionClass, Readonly<Record<GoldenQuantity, Bound>>>> = {
  f64: {
    exact: value(0),
    elementary: value(4),
    loss: value(0, 1e-14),
    gradient: value(0, 1e-14),
    "soft loss": value(0, 1e-14),
    "soft gradient": value(0, 1e-14),
    "confident loss": value(0, 1e-14),
    "confident gradient": value(0, 1e-14),
    derived: terms(32),
    update: terms(8),
  },
  "f32-rounded": {
    exact: value(0),
    elementary: value(1),
    loss: value(1),
    gradient: value(2),
    "soft loss": value(1, 1e-14),
    "soft gradient": value(2, 1e-14),
    "confident loss": value(1),
    "confident gradient": value(2),
    derived: terms(8),
    update: terms(2),
  },
  f32: {
    exact: value(0),
    elementary: value(4),
    loss: value(3),
    gradient: value(5),
    "soft loss": terms(3),
    "soft gradient": terms(5),
    "confident loss": value(3),
    "confident gradient": value(5),
    derived: terms(16, 1e-6),
    update: terms(4),
  },
  "f32-gpu": {
    exact: value(0),
    elementary: terms(8),
    loss: value(0, 1e-6),
    gradient: value(0, 1e-6),
    "soft loss": value(0, 4e-6),
    "soft gradient": value(0, 4e-6),
    "confident loss": value(0, 2e-5),
    "confident gradient": value(0, 2e-5),
    derived: terms(64, 4e-6),
    update: terms(16),
  },
};

/** The largest error that a class is allowed in an answer whose terms are as large as `largestTerm`. */
export function allowedError(
  precision: PrecisionClass,
  quantity: GoldenQuantity,
  answer: number,
  largestTerm: number,
): number {
  const { ulp, at, scaled } = GOLDEN_BOUNDS[precision][quantity];
  const size = Math.abs(answer);
  // A golden row that is confident has a margin of 50, and its scale is |value|·(1 + margin/10).
  const scale = quantity.startsWith("confident") ? 6 * size : Math.max(1, size, largestTerm);
  return ulp * lastPlace(precision, at === "value" ? size : Math.max(size, largestTerm)) + scaled * scale;
}

/** The distance from a number to the next in the class's format. */
function lastPlace(precision: PrecisionClass, size: number): number {
  const [lowest, digits] = precision === "f64" ? [-1022, 52] : [-126, 23];
  return 2 ** (Math.max(size === 0 ? lowest : Math.floor(Math.log2(size)), lowest) - digits);
}
