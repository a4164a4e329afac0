import type { GatherParams, RearrangeParams, ScatterParams } from "@surprisal/core";
import type { Expected } from "../comparison.ts";
import { compensatedSum } from "./compensated-sum.ts";

/** What `rearrange` gives: the definition, one element at a time. */
export function rearrange(
  x: ArrayLike<number>,
  background: ArrayLike<number> | undefined,
  { dims, strides, offset, from, to }: RearrangeParams,
): Float64Array {
  const length = dims.reduce((product, size) => product * size, 1);
  return Float64Array.from({ length }, (_, d) => {
    let rest = d;
    let index = offset;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const coordinate = rest % dims[axis]!;
      rest = Math.floor(rest / dims[axis]!);
      if (coordinate < from[axis]! || coordinate >= to[axis]!) return background?.[d] ?? 0;
      index += coordinate * strides[axis]!;
    }
    return x[index]!;
  });
}

/** What `gatherRows` gives. */
export function gatherRows(
  table: ArrayLike<number>,
  indices: ArrayLike<number>,
  { rows, cols }: GatherParams,
): Float64Array {
  return Float64Array.from(
    { length: rows * cols },
    (_, d) => table[indices[Math.floor(d / cols)]! * cols + (d % cols)]!,
  );
}

/** What `scatterAddRows` gives, from the indices themselves: neither sorted nor in any order. */
export function scatterAddRows(
  values: ArrayLike<number>,
  indices: ArrayLike<number>,
  { rows, cols, tableRows }: ScatterParams,
): Required<Expected> {
  const sums = Array.from({ length: tableRows * cols }, compensatedSum);
  const sizes = new Float64Array(tableRows * cols);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < cols; column++) {
      const d = indices[row]! * cols + column;
      const value = values[row * cols + column]!;
      sums[d]!.add(value);
      sizes[d]! += Math.abs(value);
    }
  }
  return { values: Float64Array.from(sums, (sum) => sum.value()), scale: sizes, terms: sizes };
}
