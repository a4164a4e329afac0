import type { Cell } from "../../cell.ts";
import { type Launch, temporary } from "../../queue.ts";
import { expNegative } from "../functions.ts";
import { partsOf } from "../parts.ts";
import { fold } from "../reduce.ts";
import { at, divide, here, int, kernel } from "../source.ts";
import { sum } from "../sum.ts";
import { below, reference, scaled } from "./scaled-logits.ts";
import { LARGEST, type LossStructure, numbers, zAt } from "./structure.ts";

/** The first index of the largest logit of `row`, as `k`, and what the others are subtracted from, as `from`. */
const leader = (structure: LossStructure, row: string): string =>
  `const k = leaders[${row}]; ${reference("from", `z[${zAt(structure, row, int("k"))}]`, structure)}`;

/** Declares `rest` = Σ e^{z′_j − m} over `count` classes without k, whose own 1 would cost a confident row its digits. */
function complement(structure: LossStructure, row: string, count: number, along: (i: string) => string): string {
  return sum("rest", count, (i) => {
    const j = along(i);
    const term = `${below("d", "from", `z[${zAt(structure, row, j)}]`, structure)} ${expNegative("e", "-d")} v = e;`;
    const inside = count * partsOf(structure.classes) === structure.classes ? "" : ` && ${j} < ${structure.classes}`;
    return { prepare: `let v = 0; if (${j} !== ${int("k")}${inside}) { ${term} }`, value: "v" };
  });
}

function partialSource(structure: LossStructure, parts: number): string {
  const { rows, classes } = structure;
  const { prepare, quotient, remainder } = divide("row", here, rows * parts, parts);
  const along = (i: string) => `(${at(i, parts, remainder)})`;
  return kernel(
    ["z", "leaders", ...numbers],
    `${prepare} ${leader(structure, quotient)}
    ${complement(structure, quotient, Math.ceil(classes / parts), along)} return rest;`,
  );
}

/** (m, k, s′) of each row; the identity (−∞, −1, 0) for an ignored row and for one whose logits are all −∞. */
function stateSource(structure: LossStructure, parts: number): string {
  const { rows, classes, targets } = structure;
  const { prepare, quotient: row, remainder: part } = divide("row", here, 3 * rows, 3);
  const rest =
    parts === 1
      ? complement(structure, row, classes, (j) => j)
      : sum("rest", parts, (p) => ({ value: `partial[${at(row, parts, p)}]` }));
  return kernel(
    ["z", "leaders", ...(parts === 1 ? [] : ["partial"]), ...(targets === "labels" ? ["labels"] : []), ...numbers],
    `${prepare} ${leader(structure, row)}
    let where = k;
    if (z[${zAt(structure, row, int("k"))}] < -${LARGEST}) where = -1;
    ${targets === "labels" ? `if (labels[${row}] < 0) where = -1;` : ""}
    if (${part} === 1) return where;
    if (where < 0) { if (${part} === 0) return -infinity; return 0; }
    if (${part} === 0) { ${scaled("m", `z[${zAt(structure, row, int("k"))}]`, structure)} return m; }
    ${rest} return rest;`,
  );
}

/** The launches that give `state`. */
export function rowStates(
  state: Cell,
  { logits, labels }: { readonly logits: Cell; readonly labels: Cell | undefined },
  structure: LossStructure,
  values: readonly number[],
): { readonly launches: readonly Launch[]; readonly temporaries: readonly Cell[] } {
  const { rows, classes } = structure;
  const parts = partsOf(classes);
  const leaders = temporary(rows);
  const found = fold(leaders, logits, { fn: "argmax", outer: rows, axis: classes, inner: 1 });
  const partial = parts === 1 ? [] : [temporary(rows * parts)];
  const summed = partial.map((output) => ({
    output,
    source: partialSource(structure, parts),
    inputs: [logits, leaders],
    numbers: values,
  }));
  const inputs = [logits, leaders, ...partial, ...(labels ? [labels] : [])];
  return {
    launches: [
      ...found.launches,
      ...summed,
      { output: state, source: stateSource(structure, parts), inputs, numbers: values },
    ],
    temporaries: [leaders, ...found.temporaries, ...partial],
  };
}
