import type { HostArray, RequiredKernels } from "@surprisal/core";
import { blockSums, ROW_BLOCK } from "./block-sums.ts";

export const gatherRows: RequiredKernels<HostArray>["gatherRows"] = ({ y }, { table, indices }, { rows, cols }) => {
  for (let row = 0; row < rows; row++) {
    const from = indices[row]! * cols;
    for (let c = 0; c < cols; c++) y[row * cols + c] = table[from + c]!;
  }
};

export const scatterAddRows: RequiredKernels<HostArray>["scatterAddRows"] = ({ table }, inputs, params) => {
  const { values, order, starts } = inputs;
  const { cols, tableRows } = params;
  const sum = blockSums(cols, ROW_BLOCK);
  for (let row = 0; row < tableRows; row++) {
    const start = starts[row]!;
    const sums = sum(starts[row + 1]! - start, (block, j) => {
      const from = order[start + j]! * cols;
      for (let c = 0; c < cols; c++) block[c]! += values[from + c]!;
    });
    table.set(sums, row * cols);
  }
};
