import type { Cell } from "../../cell.ts";
import { type Launch, temporary } from "../../queue.ts";
import { partsOf } from "../parts.ts";
import { at, divide, here, int, kernel } from "../source.ts";
import { sum } from "../sum.ts";
import { below, reference } from "./scaled-logits.ts";
import { type LossStructure, numbers, target, targetArrays, zAt } from "./structure.ts";

/** Parts of (Σ_{j≠k} T_j, Σ T_j·(m − z′_j)) of each row; a T_j of 0 is skipped, so that 0·∞ is 0. */
function partialSource(structure: LossStructure, parts: number): string {
  const { rows, classes, targets } = structure;
  const first = divide("row", here, 2 * rows * parts, 2 * parts);
  const { prepare, quotient: which, remainder: p } = divide("which", first.remainder, 2 * parts, parts);
  const row = first.quotient;
  const count = Math.ceil(classes / parts);
  const along = (i: string) => (parts === 1 ? i : `(${at(i, parts, p)})`);
  const inside = (j: string) => (count * parts === classes ? "" : `if (${j} < ${classes})`);
  const others = sum("others", count, (i) => ({
    prepare: `let v = 0; ${inside(along(i))} { if (${along(i)} !== ${int("k")}) v = ${target(structure, row, along(i))}; }`,
    value: "v",
  }));
  const far = sum("far", count, (i) => {
    const j = along(i);
    const distance = below("d", "from", `z[${zAt(structure, row, j)}]`, structure);
    const term = `const T = ${target(structure, row, j)}; if (T !== 0) { ${distance} v = T * d; }`;
    return { prepare: `let v = 0; ${inside(j)} { ${term} }`, value: "v" };
  });
  return kernel(
    ["z", "state", ...targetArrays(structure), ...numbers],
    `${first.prepare} ${prepare}
    const k = state[${row} * 3 + 1];
    if (k < 0) return 0;
    ${targets === "labels" ? `const label = labels[${row}];` : ""}
    if (${which} === 0) { ${others} return others; }
    ${reference("from", `z[${zAt(structure, row, int("k"))}]`, structure)} ${far} return far;`,
  );
}

/** The launches that give `sums`, [rows, 2], where more than one class has a part of the target. */
export function targetSums(
  sums: Cell,
  inputs: readonly Cell[],
  structure: LossStructure,
  values: readonly number[],
): { readonly launches: readonly Launch[]; readonly temporaries: readonly Cell[] } {
  const parts = partsOf(structure.classes);
  const source = partialSource(structure, parts);
  if (parts === 1) return { launches: [{ output: sums, source, inputs, numbers: values }], temporaries: [] };
  const partial = temporary(2 * structure.rows * parts);
  const merge = kernel(
    ["partial"],
    `${sum("total", parts, (p) => ({ value: `partial[${at(here, parts, p)}]` }))} return total;`,
  );
  return {
    launches: [
      { output: partial, source, inputs, numbers: values },
      { output: sums, source: merge, inputs: [partial] },
    ],
    temporaries: [partial],
  };
}
