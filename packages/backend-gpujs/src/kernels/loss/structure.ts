import { int } from "../source.ts";

/** What of a loss stands in the sources of its kernels: what there is at all. The values are {@link numbers}. */
export interface LossStructure {
  readonly targets: "labels" | "probabilities" | undefined;
  readonly smoothed: boolean;
  readonly classWeights: boolean;
  readonly rowScale: boolean;
  /** How z′ comes from z. */
  readonly scaling: "none" | "temperature" | "softcap";
  readonly zLoss: boolean;
  readonly focalOrPoly: boolean;
}

/** The host numbers that every kernel of the loss takes, in this order: 1 − ε, ε/C, the host's part of u, and the terms. */
export const numbers = ["on", "off", "scale", "t", "cap", "zLoss", "focal", "poly", "infinity", "nan"] as const;

/** The largest float32. */
export const LARGEST = "3.4028234663852886e38";

/** One class holds the whole target: no sum over the classes is needed for it. */
export const isOneHot = ({ targets, smoothed }: LossStructure): boolean => targets === "labels" && !smoothed;

/** The names of the arrays that tell the targets. */
export const targetArrays = ({ targets, classWeights }: LossStructure): readonly string[] => [
  ...(targets === undefined ? [] : [targets]),
  ...(classWeights ? ["w"] : []),
];

/** The index of z_j in `row`. */
export const zAt = (row: string, j: string): string => `(${row}) * classes + ${j}`;

/** The effective target T_j of `row`, j an integer; with labels there is a variable `label`. */
export function target(structure: LossStructure, row: string, j: string): string {
  const { targets, classWeights, smoothed } = structure;
  const w = classWeights ? `w[${j}]` : "1";
  if (targets === "probabilities") {
    const q = `probabilities[${zAt(row, j)}]`;
    return smoothed ? `${w} * (on * ${q} + off)` : `${w} * ${q}`;
  }
  const own = `(${j} === ${int("label")} ? on * ${w} : 0)`;
  return smoothed ? `(${own} + off * ${w})` : own;
}
