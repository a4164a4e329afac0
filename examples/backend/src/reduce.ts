import type { Kernel } from "./numbers.ts";

export const reduce: Kernel<"reduce"> = ({ y }, { x }, { fn, outer, axis, inner }) => {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (a: number): number => x[(o * axis + a) * inner + i]!;
      y[o * inner + i] = fn === "sum" || fn === "sumSquares" ? sumOf(at, axis, fn) : extremeOf(at, axis, fn);
    }
  }
};

/** In float64, where a long sum needs no tree. */
function sumOf(at: (a: number) => number, axis: number, fn: "sum" | "sumSquares"): number {
  let sum = 0;
  for (let a = 0; a < axis; a++) sum += fn === "sum" ? at(a) : at(a) ** 2;
  return sum;
}

function extremeOf(at: (a: number) => number, axis: number, fn: "max" | "min" | "argmax"): number {
  let best = 0;
  for (let a = 1; a < axis; a++) {
    // The first NaN stays.
    if (Number.isNaN(at(best))) break;
    if (Number.isNaN(at(a)) || (fn === "min" ? at(a) < at(best) : at(a) > at(best))) best = a;
  }
  return fn === "argmax" ? best : at(best);
}
