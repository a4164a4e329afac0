import type { GemmParams, ReduceParams } from "@surprisal/core";
import type { Expected } from "../comparison.ts";
import { compensatedSum } from "./compensated-sum.ts";

/** What `reduce` gives; the scale of a sum is Σ|x|. */
export function reduce(x: ArrayLike<number>, params: ReduceParams): Required<Expected> {
  const { outer, inner } = params;
  const values = new Float64Array(outer * inner);
  const scale = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const [value, size] = reduceRun(x, params, o * params.axis * inner + i);
      values[o * inner + i] = value;
      scale[o * inner + i] = size;
    }
  }
  return { values, scale, terms: scale };
}

function reduceRun(x: ArrayLike<number>, { fn, axis, inner }: ReduceParams, start: number): readonly [number, number] {
  if (fn === "sum" || fn === "sumSquares") {
    const sum = compensatedSum();
    const size = compensatedSum();
    for (let j = 0; j < axis; j++) {
      const value = x[start + j * inner]!;
      if (fn === "sum") sum.add(value);
      else sum.addProduct(value, value);
      size.add(fn === "sum" ? Math.abs(value) : value * value);
    }
    return [sum.value(), size.value()];
  }
  let best = x[start]!;
  let index = 0;
  for (let j = 1; j < axis && !Number.isNaN(best); j++) {
    const value = x[start + j * inner]!;
    if (Number.isNaN(value) || (fn === "min" ? value < best : value > best)) {
      best = value;
      index = j;
    }
  }
  return [fn === "argmax" ? index : best, 1];
}

/** What `gemm` gives; the scale of an element is Σ|a|·|b| (and |c| with `accumulate`). */
export function gemm(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: ArrayLike<number> | undefined,
  params: GemmParams,
): Required<Expected> {
  const { m, n, k, batch, transA, transB } = params;
  const values = new Float64Array(batch * m * n);
  const scale = new Float64Array(batch * m * n);
  for (let d = 0; d < batch * m * n; d++) {
    const product = Math.floor(d / (m * n));
    const row = Math.floor(d / n) % m;
    const column = d % n;
    const sum = compensatedSum();
    const size = compensatedSum();
    if (c) {
      sum.add(c[d]!);
      size.add(Math.abs(c[d]!));
    }
    for (let x = 0; x < k; x++) {
      const left = a[product * m * k + (transA ? x * m + row : row * k + x)]!;
      const right = b[product * k * n + (transB ? column * k + x : x * n + column)]!;
      sum.addProduct(left, right);
      size.add(Math.abs(left * right));
    }
    values[d] = sum.value();
    scale[d] = size.value();
  }
  return { values, scale, terms: scale };
}
