import type { RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { at, divide, here, int, kernel, requireCount } from "./source.ts";
import { sum } from "./sum.ts";

const { prepare, quotient: row, remainder: column } = divide("row", here, "cols");

// gpu.js takes a read inside an index for a float: it goes through a variable.
const gatherSource = kernel(
  ["table", "indices", "cols"],
  `${prepare} const from = indices[${row}]; return table[${at(int("from"), "cols", column)}];`,
);

const scatterSource = kernel(
  ["values", "order", "starts", "cols"],
  `${prepare}
  const begin = starts[${row}];
  const end = starts[${row} + 1];
  ${sum("total", { from: int("begin"), to: int("end"), step: "1" }, (j) => ({
    prepare: `const from = order[${j}];`,
    value: `values[${at(int("from"), "cols", column)}]`,
  }))}
  return total;`,
);

export const rows = (queue: Queue): Pick<RequiredKernels<Cell>, "gatherRows" | "scatterAddRows"> => ({
  gatherRows({ y }, { table, indices }, params) {
    if (y.length === 0) return;
    requireCount("gatherRows", "rows", params.rows);
    const inputs = [table, indices];
    const launches = [{ output: y, source: gatherSource, inputs, sizes: [params.cols] }];
    queue.call({ outputs: [y], inputs, launches });
  },
  scatterAddRows({ table }, { values, order, starts }, { cols, tableRows }) {
    if (table.length === 0) return;
    requireCount("scatterAddRows", "rows of the table", tableRows);
    const inputs = [values, order, starts];
    queue.call({
      outputs: [table],
      inputs,
      launches: [{ output: table, source: scatterSource, inputs, sizes: [cols] }],
    });
  },
});
