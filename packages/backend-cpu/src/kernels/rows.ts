import { grainFor, type KernelTable } from "./phase.ts";

export const gatherRows: KernelTable["gatherRows"] = ({ y }, { table, indices }, { rows, cols }) => [
  { run: "gatherRows", args: [y.address, table.address, indices.address, cols], blocks: rows, grain: grainFor(cols) },
];

export const scatterAddRows: KernelTable["scatterAddRows"] = (
  { table },
  { values, order, starts },
  { rows, cols, tableRows },
) => [
  {
    run: "scatterAddRows",
    args: [table.address, values.address, order.address, starts.address, cols],
    blocks: tableRows,
    grain: grainFor(cols * (1 + rows / Math.max(1, tableRows))),
  },
];
