import type { ReduceFunction, Tensor } from "@surprisal/core";
import { argmax, max, mean, min, sum } from "@surprisal/core/ops";
import { strictNonFinite } from "../../case.ts";
import { type ExpectedArray, folded, type NdArray, sizeOf } from "../../oracle/nd-array.ts";
import { type CasesByOp, type OpCases, opCases } from "./op-case.ts";

type Reduction = (x: Tensor, axes?: number | readonly number[], options?: { keepDims?: boolean }) => Tensor;

const cube = [2, 3, 4];
const positions = [0, 1, 2, 3];

/** Which axes of [2, 3, 4] are folded: written as a caller would, and as positions. */
const choices: Readonly<Record<string, readonly [number | readonly number[] | undefined, readonly number[]]>> = {
  "every-axis": [undefined, [0, 1, 2]],
  "the-first-axis": [0, [0]],
  "the-middle-axis": [1, [1]],
  "the-last-axis": [-1, [2]],
  "the-first-two": [
    [0, 1],
    [0, 1],
  ],
  "first-and-last": [
    [0, -1],
    [0, 2],
  ],
  "no-axis": [[], []],
};

/** The mean's expectation from the sum's. */
const divided =
  (count: (x: NdArray) => number, of: (x: NdArray) => ExpectedArray) =>
  (x: NdArray): ExpectedArray => {
    const { shape, values, scale, terms } = of(x);
    const part = (list: ArrayLike<number>) => Float64Array.from(list, (value) => value / count(x));
    return {
      shape,
      values: part(values),
      scale: part(scale as ArrayLike<number>),
      terms: part(terms as ArrayLike<number>),
    };
  };

function overAxes(op: Reduction, fn: ReduceFunction, quantity: "sum" | "exact", isMean = false): OpCases {
  const expected = (axes: readonly number[], keepDims: boolean) => {
    const total = folded(fn, axes, keepDims);
    const count = sizeOf(axes.map((axis) => cube[axis]!));
    return isMean ? divided(() => count, total) : total;
  };
  return Object.fromEntries(
    Object.entries(choices).flatMap(([name, [axes, places]]) =>
      [false, true].map((keepDims) => [
        keepDims ? `${name}-kept` : name,
        {
          shapes: [cube],
          apply: (x: Tensor) => op(x, axes, { keepDims }),
          expected: expected(places, keepDims),
          // A mean divides what the sum has rounded; axes that are no neighbours are folded one after the other.
          quantity: isMean || (quantity === "sum" && name === "first-and-last") ? "derived" : quantity,
        },
      ]),
    ),
  ) as OpCases;
}

const outliers = (_: unknown, i: number) => (i === 5 ? Number.NaN : (i * 7) % 11);

/** Sums, means, extremes and the argmax. */
export const reductionCases: CasesByOp<"sum" | "mean" | "max" | "min" | "argmax"> = {
  sum: opCases("sum", {
    ...overAxes(sum, "sum", "sum"),
    "five-axes-every-other-folded": {
      shapes: [[2, 3, 2, 3, 2]],
      apply: (x) => sum(x!, [0, 2, 4]),
      expected: folded("sum", [0, 2, 4]),
      quantity: "derived",
    },
    "of-nothing": { shapes: [[0, 4]], apply: (x) => sum(x!, 0), expected: folded("sum", [0]), quantity: "exact" },
    "over-many-rows": { shapes: [[600, 10]], apply: (x) => sum(x!, 0), expected: folded("sum", [0]), quantity: "sum" },
  }),
  mean: opCases("mean", {
    ...overAxes(mean, "sum", "sum", true),
    "of-a-scalar": { shapes: [[]], apply: (x) => mean(x!), expected: folded("sum"), quantity: "exact" },
    "of-nothing": {
      shapes: [[0]],
      apply: (x) => mean(x!),
      expected: () => ({ shape: [], values: [Number.NaN] }),
      quantity: "exact",
      needs: strictNonFinite,
    },
  }),
  max: opCases("max", {
    ...overAxes(max, "max", "exact"),
    "of-not-a-number": {
      shapes: [[3, 4]],
      numbers: outliers,
      apply: (x) => max(x!, -1),
      expected: folded("max", [1]),
      quantity: "exact",
      needs: strictNonFinite,
    },
  }),
  min: opCases("min", {
    ...overAxes(min, "min", "exact"),
    "of-not-a-number": {
      shapes: [[3, 4]],
      numbers: outliers,
      apply: (x) => min(x!, -1),
      expected: folded("min", [1]),
      quantity: "exact",
      needs: strictNonFinite,
    },
  }),
  argmax: opCases("argmax", {
    ...Object.fromEntries(
      [0, 1, 2].map((axis) => [
        `axis-${axis}`,
        {
          shapes: [cube],
          apply: (x: Tensor) => argmax(x, axis),
          expected: folded("argmax", [axis]),
          quantity: "exact",
        },
      ]),
    ),
    "the-first-of-equals": {
      shapes: [[3, 4]],
      numbers: (_, i) => [1, 3, 3, 0, 2, 2, 2, 2, 0, -1, 0, 0][i]!,
      apply: (x) => argmax(x!),
      expected: () => ({ shape: [3], values: [1, 0, 0] }),
      quantity: "exact",
    },
    "of-a-vector": {
      shapes: [[4]],
      numbers: (_, i) => positions[i]! % 3,
      apply: (x) => argmax(x!),
      expected: () => ({ shape: [], values: [2] }),
      quantity: "exact",
    },
  } as OpCases),
};
