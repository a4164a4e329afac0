import { expNegative } from "../functions.ts";
import { divide, here, int, kernel } from "../source.ts";
import { rowArrays, rowTerms } from "./row-terms.ts";
import { below, slope } from "./scaled-logits.ts";
import { isOneHot, type LossStructure, numbers, target, targetArrays, zAt } from "./structure.ts";

/** Numbers of a row's record. */
export const RECORD = 5;

/** What a record says of the class that stands apart: the row is ignored, or not finite. */
const [IGNORED, BAD] = ["-1", "-2"];

/**
 * A row's part in its gradient, a·e^{z′_j − m} − b·T_j: the record (from, a, b, apart, value), where the class `apart` has
 * its gradient in `value`, in the form in which nothing cancels. For a one-hot target that is the label, and b·T_j is 0
 * elsewhere; otherwise it is k.
 */
export function recordSource(structure: LossStructure): string {
  const { rowScale, zLoss, focalOrPoly } = structure;
  const { prepare, quotient: row, remainder: part } = divide("row", here, String(RECORD));
  const oneHot = isOneHot(structure);
  const apart = oneHot ? "label" : "k";
  const factor = `
    let factor = 1;
    if (own > 0) {
      let ratio = 1;
      if (missing > 0) ratio = (distance + rest) / missing;
      factor = power * (1 + poly - poly * missing + focal * own * (ratio + poly));
    }`;
  const pull = zLoss ? "2 * zLoss * (m + rest)" : "0";
  const difference = oneHot ? "-total * missing" : "(others - leading * s) / (1 + s)";
  const probability = oneHot ? "own" : "1 / (1 + s)";
  const z = `z[${zAt(row, int(apart))}]`;
  const slopeAt = slope("d", z, structure);
  return kernel(
    [...rowArrays(structure), ...(rowScale ? ["u"] : []), "classes", ...numbers],
    `${prepare} ${rowTerms(structure, row, IGNORED, BAD)}
    const upstream = scale${rowScale ? ` * u[${row}]` : ""};
    ${focalOrPoly ? factor : "const factor = 1;"}
    if (${part} === 0) return from;
    if (${part} === 1) return upstream * (factor * total + ${pull}) / (1 + s);
    if (${part} === 2) return upstream * factor;
    if (${part} === 3) return ${apart};
    ${slopeAt} return upstream * (factor * (${difference}) + ${pull} * ${probability})${slopeAt === "" ? "" : " * d"};`,
  );
}

/** The gradient from the records of its rows. It has one exit: every early one costs all elements. */
export function gradientSource(structure: LossStructure): string {
  const { targets } = structure;
  const { prepare, quotient: row, remainder: j } = divide("row", here, "classes");
  const record = (part: number) => `records[${row} * ${RECORD} + ${part}]`;
  const pull = isOneHot(structure) ? "" : ` - ${record(2)} * ${target(structure, row, j)}`;
  const slopeHere = slope("d", "v", structure);
  return kernel(
    ["z", "records", ...(isOneHot(structure) ? [] : targetArrays(structure)), "classes", ...numbers],
    `${prepare}
    const apart = ${record(3)};
    ${targets === "labels" && !isOneHot(structure) ? `const label = labels[${row}];` : ""}
    const v = z[${here}];
    ${below("distance", record(0), "v", structure)} ${expNegative("e", "-distance")} ${slopeHere}
    let g = (${record(1)} * e${pull})${slopeHere === "" ? "" : " * d"};
    if (${j} === ${int("apart")}) g = ${record(4)};
    if (apart < 0) g = 0;
    if (apart < -1) g = nan;
    return g;`,
  );
}
