import { type Launch, temporary } from "../../call.ts";
import type { Cell } from "../../cell.ts";
import { expNegative } from "../functions.ts";
import { partsOf } from "../parts.ts";
import { fold } from "../reduce.ts";
import { at, divide, here, int, kernel } from "../source.ts";
import { type Range, sum, upTo } from "../sum.ts";
import { below, reference, scaled } from "./scaled-logits.ts";
import { LARGEST, type LossStructure, numbers, zAt } from "./structure.ts";

/** The first index of the largest logit of `row`, as `k`, and what the others are subtracted from, as `from`. */
const leader = (structure: LossStructure, row: string): string =>
  `const k = leaders[${row}]; ${reference("from", `z[${zAt(row, int("k"))}]`, structure)}`;

/** Declares `rest` = Σ e^{z′_j − m} over classes without k, whose own 1 would cost a confident row its digits. */
function complement(structure: LossStructure, row: string, range: Range): string {
  return sum("rest", range, (j) => {
    const term = `${below("d", "from", `z[${zAt(row, j)}]`, structure)} ${expNegative("e", "-d")} v = e;`;
    return { prepare: `let v = 0; if (${j} !== ${int("k")}) { ${term} }`, value: "v" };
  });
}

function partialSource(structure: LossStructure): string {
  const { prepare, quotient, remainder } = divide("row", here, "parts");
  return kernel(
    ["z", "leaders", "classes", "parts", ...numbers],
    `${prepare} ${leader(structure, quotient)} const start = ${remainder};
    ${complement(structure, quotient, { from: int("start"), to: "classes", step: "parts" })} return rest;`,
  );
}

/** (m, k, s′) of each row; the identity (−∞, −1, 0) for an ignored row and for one whose logits are all −∞. */
function stateSource(structure: LossStructure, hasParts: boolean): string {
  const hasLabels = structure.targets === "labels";
  const { prepare, quotient: row, remainder: part } = divide("row", here, "3");
  const rest = hasParts
    ? sum("rest", upTo("parts"), (p) => ({ value: `partial[${at(row, "parts", p)}]` }))
    : complement(structure, row, upTo("classes"));
  const arrays = ["z", "leaders", ...(hasParts ? ["partial"] : []), ...(hasLabels ? ["labels"] : [])];
  return kernel(
    [...arrays, "classes", "parts", ...numbers],
    `${prepare} ${leader(structure, row)}
    let where = k;
    if (z[${zAt(row, int("k"))}] < -${LARGEST}) where = -1;
    ${hasLabels ? `if (labels[${row}] < 0) where = -1;` : ""}
    if (${part} === 1) return where;
    if (where < 0) { if (${part} === 0) return -infinity; return 0; }
    if (${part} === 0) { ${scaled("m", `z[${zAt(row, int("k"))}]`, structure)} return m; }
    ${rest} return rest;`,
  );
}

/** The launches that give `state`. */
export function rowStates(
  state: Cell,
  { logits, labels }: { readonly logits: Cell; readonly labels: Cell | undefined },
  { rows, classes }: { readonly rows: number; readonly classes: number },
  structure: LossStructure,
  values: readonly number[],
): { readonly launches: readonly Launch[]; readonly temporaries: readonly Cell[] } {
  const parts = partsOf(classes);
  const sizes = [classes, parts];
  const leaders = temporary(rows);
  const found = fold(leaders, logits, { fn: "argmax", outer: rows, axis: classes, inner: 1 });
  const partial = parts === 1 ? [] : [temporary(rows * parts)];
  const shared = { sizes, numbers: values };
  const sums = partial.map((output) => ({
    output,
    source: partialSource(structure),
    inputs: [logits, leaders],
    ...shared,
  }));
  const inputs = [logits, leaders, ...partial, ...(labels ? [labels] : [])];
  return {
    launches: [
      ...found.launches,
      ...sums,
      { output: state, source: stateSource(structure, parts > 1), inputs, ...shared },
    ],
    temporaries: [leaders, ...found.temporaries, ...partial],
  };
}
