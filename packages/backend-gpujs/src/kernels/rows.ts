import type { GatherParams, RequiredKernels, ScatterParams } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { kernel, split } from "./source.ts";

const gatherSource = ({ cols }: GatherParams): string =>
  kernel(["table", "indices"], `${split("i", cols, "row", "col")} return table[indices[row] * ${cols} + col];`);

// A loop bounded by data stops at gpu.js' own limit; bounded by the constant `rows` it is exact, and it breaks early.
const scatterSource = ({ rows, cols }: ScatterParams): string =>
  kernel(
    ["values", "order", "starts"],
    `${split("i", cols, "row", "col")}
    const begin = starts[row]; const count = starts[row + 1] - begin;
    let total = 0;
    for (let j = 0; j < ${rows}; j++) {
      if (j >= count) break;
      total = total + values[order[begin + j] * ${cols} + col];
    }
    return total;`,
  );

export const rows = (queue: Queue): Pick<RequiredKernels<Cell>, "gatherRows" | "scatterAddRows"> => ({
  gatherRows({ y }, { table, indices }, params) {
    const inputs = [table, indices];
    queue.call({ outputs: [y], inputs, launches: [{ output: y, source: gatherSource(params), inputs }] });
  },
  scatterAddRows({ table }, { values, order, starts }, params) {
    const inputs = [values, order, starts];
    const launch =
      params.rows > 0
        ? { output: table, source: scatterSource(params), inputs }
        : { output: table, source: kernel([], "return 0;"), inputs: [] };
    queue.call({ outputs: [table], inputs, launches: [launch] });
  },
});
