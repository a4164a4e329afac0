import type { HostArray, ReduceParams, RequiredKernels } from "@surprisal/core";
import { AXIS_BLOCK, blockSums, ROW_BLOCK } from "./block-sums.ts";

export const reduce: RequiredKernels<HostArray>["reduce"] = ({ y }, { x }, params) => {
  if (params.fn === "sum" || params.fn === "sumSquares") reduceSum(y, x, params);
  else reduceExtreme(y, x, params);
};

function reduceSum(y: HostArray, x: HostArray, { fn, outer, axis, inner }: ReduceParams): void {
  const square = fn === "sumSquares";
  const sum = blockSums(inner, inner === 1 ? AXIS_BLOCK : ROW_BLOCK);
  for (let o = 0; o < outer; o++) {
    const sums = sum(axis, (block, a) => {
      const row = (o * axis + a) * inner;
      for (let i = 0; i < inner; i++) {
        const value = x[row + i]!;
        block[i]! += square ? value * value : value;
      }
    });
    y.set(sums, o * inner);
  }
}

function reduceExtreme(y: HostArray, x: HostArray, { fn, outer, axis, inner }: ReduceParams): void {
  const sign = fn === "min" ? -1 : 1;
  const best = new Float64Array(inner);
  const index = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let a = 0; a < axis; a++) {
      const row = (o * axis + a) * inner;
      for (let i = 0; i < inner; i++) {
        const value = sign * x[row + i]!;
        // The first NaN beats every number, and nothing beats it.
        if (a === 0 || value > best[i]! || (Number.isNaN(value) && !Number.isNaN(best[i]!))) {
          best[i] = value;
          index[i] = a;
        }
      }
    }
    for (let i = 0; i < inner; i++) y[o * inner + i] = fn === "argmax" ? index[i]! : sign * best[i]!;
  }
}
