import type { Kernel } from "./numbers.ts";

export const gatherRows: Kernel<"gatherRows"> = ({ y }, { table, indices }, { rows, cols }) => {
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < cols; c++) y[row * cols + c] = table[indices[row]! * cols + c]!;
  }
};

export const scatterAddRows: Kernel<"scatterAddRows"> = ({ table }, { values, order, starts }, { cols, tableRows }) => {
  for (let row = 0; row < tableRows; row++) {
    for (let c = 0; c < cols; c++) {
      let sum = 0;
      for (let j = starts[row]!; j < starts[row + 1]!; j++) sum += values[order[j]! * cols + c]!;
      table[row * cols + c] = sum;
    }
  }
};
