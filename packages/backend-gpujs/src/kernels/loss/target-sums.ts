import { type Launch, temporary } from "../../call.ts";
import type { Cell } from "../../cell.ts";
import { partsOf } from "../parts.ts";
import { fold } from "../reduce.ts";
import { divide, here, int, kernel } from "../source.ts";
import { sum } from "../sum.ts";
import { below, reference } from "./scaled-logits.ts";
import { type LossStructure, numbers, target, targetArrays, zAt } from "./structure.ts";

/** Parts of (Σ_{j≠k} T_j, Σ T_j·(m − z′_j)) of each row, [rows, 2, parts]; a T_j of 0 is skipped, so that 0·∞ is 0. */
function partialSource(structure: LossStructure): string {
  const first = divide("row", here, "2 * parts");
  const { prepare, quotient: which, remainder: part } = divide("which", first.remainder, "parts");
  const row = first.quotient;
  const over = (name: string, value: (j: string) => string): string =>
    sum(name, { from: int("start"), to: "classes", step: "parts" }, (j) => ({
      prepare: `let v = 0; ${value(j)}`,
      value: "v",
    }));
  const others = over("others", (j) => `if (${j} !== ${int("k")}) v = ${target(structure, row, j)};`);
  const far = over("far", (j) => {
    const distance = below("d", "from", `z[${zAt(row, j)}]`, structure);
    return `const T = ${target(structure, row, j)}; if (T !== 0) { ${distance} v = T * d; }`;
  });
  return kernel(
    ["z", "state", ...targetArrays(structure), "classes", "parts", ...numbers],
    `${first.prepare} ${prepare}
    const start = ${part};
    const k = state[${row} * 3 + 1];
    if (k < 0) return 0;
    ${structure.targets === "labels" ? `const label = labels[${row}];` : ""}
    if (${which} === 0) { ${others} return others; }
    ${reference("from", `z[${zAt(row, int("k"))}]`, structure)} ${far} return far;`,
  );
}

/** The launches that give `sums`, [rows, 2], where more than one class has a part of the target. */
export function targetSums(
  sums: Cell,
  inputs: readonly Cell[],
  { rows, classes }: { readonly rows: number; readonly classes: number },
  structure: LossStructure,
  values: readonly number[],
): { readonly launches: readonly Launch[]; readonly temporaries: readonly Cell[] } {
  const parts = partsOf(classes);
  const partial = parts === 1 ? sums : temporary(2 * rows * parts);
  const sizes = [classes, parts];
  const first = { output: partial, source: partialSource(structure), inputs, sizes, numbers: values };
  if (parts === 1) return { launches: [first], temporaries: [] };
  const merged = fold(sums, partial, { fn: "sum", outer: 2 * rows, axis: parts, inner: 1 });
  return { launches: [first, ...merged.launches], temporaries: [partial, ...merged.temporaries] };
}
