import type { GatherParams, RequiredKernels, ScatterParams } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { at, divide, here, int, kernel } from "./source.ts";

function gatherSource({ rows, cols }: GatherParams): string {
  const { prepare, quotient, remainder } = divide("row", here, rows * cols, cols);
  return kernel(["table", "indices"], `${prepare} return table[${at(int(`indices[${quotient}]`), cols, remainder)}];`);
}

const RUN = 32;

// A loop bounded by data stops at gpu.js' own limit; bounded by the constant `rows` it is exact, and it breaks early.
function scatterSource({ rows, cols, tableRows }: ScatterParams): string {
  const { prepare, quotient, remainder } = divide("row", here, tableRows * cols, cols);
  return kernel(
    ["values", "order", "starts"],
    `${prepare}
    const begin = starts[${quotient}]; const count = starts[${quotient} + 1] - begin;
    let total = 0;
    for (let b = 0; b < ${Math.ceil(rows / RUN)}; b++) {
      if (b * ${RUN} >= count) break;
      let run = 0;
      for (let j = 0; j < ${RUN}; j++) {
        if (b * ${RUN} + j < count) {
          const from = order[~~begin + b * ${RUN} + j];
          run = run + values[${at(int("from"), cols, remainder)}];
        }
      }
      total = total + run;
    }
    return total;`,
  );
}

export const rows = (queue: Queue): Pick<RequiredKernels<Cell>, "gatherRows" | "scatterAddRows"> => ({
  gatherRows({ y }, { table, indices }, params) {
    if (y.length === 0) return;
    const inputs = [table, indices];
    queue.call({ outputs: [y], inputs, launches: [{ output: y, source: gatherSource(params), inputs }] });
  },
  scatterAddRows({ table }, { values, order, starts }, params) {
    if (table.length === 0) return;
    const inputs = [values, order, starts];
    const empty = params.rows === 0;
    const source = empty ? kernel([], "return 0;") : scatterSource(params);
    queue.call({ outputs: [table], inputs, launches: [{ output: table, source, inputs: empty ? [] : inputs }] });
  },
});
