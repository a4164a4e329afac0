import { expNegative, log1p } from "../functions.ts";
import { int } from "../source.ts";
import { below, reference } from "./scaled-logits.ts";
import { isOneHot, LARGEST, type LossStructure, target, targetArrays, zAt } from "./structure.ts";

/** The arrays from which {@link rowTerms} computes. */
export const rowArrays = (structure: LossStructure): readonly string[] => [
  "z",
  "state",
  ...(isOneHot(structure) ? [] : ["sums"]),
  ...targetArrays(structure),
];

/**
 * What loss and gradient of a row are made of, as variables: `k`, `from`, m, s, log1p(s′) as `rest`; S as `total`. With a
 * one-hot target also `label`, m − z′_y as `distance`, r = 1 − p_y and p_y as `missing` and `own`, and under focal or poly
 * r^γ as `power`. Otherwise Σ_{j≠k} T_j as `others` and T_k as `leading`.
 * An ignored row returns `ignored`, one that is not finite `bad`.
 */
export function rowTerms(structure: LossStructure, row: string, ignored: string, bad: string): string {
  const { targets, classWeights, focalOrPoly } = structure;
  const skip = targets === "labels" ? `const label = labels[${row}]; if (label < 0) return ${ignored};` : "";
  const common = `${skip}
    const m = state[${row} * 3]; const k = state[${row} * 3 + 1]; const s = state[${row} * 3 + 2];
    if (k < 0) return ${bad};
    const top = z[${zAt(row, int("k"))}];
    if (Math.abs(top) > ${LARGEST}) return ${bad};
    let finite = 0;
    if (s >= 0 && s <= ${LARGEST}) finite = 1;
    if (finite === 0) return ${bad};
    ${reference("from", "top", structure)} ${log1p("rest", "s")}`;
  if (!isOneHot(structure)) {
    return `${common}
    const others = sums[${row} * 2];
    const leading = ${target(structure, row, int("k"))};
    const total = others + leading;`;
  }
  const power = focalOrPoly ? "let power = 0; if (missing > 0 || focal === 0) power = Math.pow(missing, focal);" : "";
  return `${common}
    const total = on${classWeights ? ` * w[${int("label")}]` : ""};
    ${below("distance", "from", `z[${zAt(row, int("label"))}]`, structure)}
    ${expNegative("far", "-distance")}
    const own = far / (1 + s);
    let missing = 1 - own;
    if (label === k) missing = s / (1 + s);
    ${power}`;
}
