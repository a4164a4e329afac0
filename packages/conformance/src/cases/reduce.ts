import type { ReduceFunction } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { reduce } from "../oracle/reduction.ts";
import { caseGroup } from "./define.ts";

const { quick, full } = caseGroup("kernel/reduce");

type Layout = readonly [outer: number, axis: number, inner: number];

const functions: readonly ReduceFunction[] = ["sum", "sumSquares", "max", "min", "argmax"];

/** The last axis, the first, one between; each also longer than a block. */
const layouts: Readonly<Record<string, Layout>> = {
  "last-axis": [33, 10, 1],
  "first-axis": [1, 33, 10],
  "middle-axis": [3, 11, 10],
  "axis-of-one": [33, 1, 10],
  "long-last-axis": [3, 5000, 1],
  "many-rows": [1, 5000, 3],
  "rows-off-a-block": [2, 257, 3],
};

async function fold(
  t: CaseContext,
  fn: ReduceFunction,
  [outer, axis, inner]: Layout,
  x: ArrayLike<number>,
): Promise<void> {
  const params = { fn, outer, axis, inner };
  const y = t.output(outer * inner);
  t.kernels.reduce({ y }, { x: t.float(x) }, params);
  const sums = fn === "sum" || fn === "sumSquares";
  t.check(await t.read(y), reduce(x, params), t.judge(sums ? "sum" : "exact"), fn);
}

/** Folds: every function over every layout, sums longer than a block, ties, NaN, and the empty sum. */
export const reduceCases: readonly Case[] = [
  ...functions.flatMap((fn) =>
    Object.entries(layouts).map(([name, layout]) =>
      quick(`${fn}-${name}`, (t) =>
        fold(t, fn, layout, t.generate(layout[0] * layout[1] * layout[2], t.random().normal)),
      ),
    ),
  ),
  quick("sum-of-one-sign", (t) => {
    const random = t.random();
    return fold(
      t,
      "sum",
      [3, 5000, 1],
      t.generate(15_000, () => 0.1 + random.uniform()),
    );
  }),
  quick("sum-beside-a-large-number", (t) =>
    // Each of the others is below half an ulp of the first; together they are not.
    fold(
      t,
      "sum",
      [3, 5000, 1],
      t.generate(15_000, (i) => (i % 5000 === 0 ? 1 : 2 ** -25)),
    ),
  ),
  quick("sum-of-nothing", async (t) => {
    for (const fn of ["sum", "sumSquares"] as const) await fold(t, fn, [3, 0, 1], []);
  }),
  quick("no-rows", (t) => fold(t, "sum", [0, 10, 1], [])),
  quick("argmax-takes-the-first-of-equals", async (t) => {
    await fold(
      t,
      "argmax",
      [33, 10, 1],
      t.generate(330, (i) => (i * 7) % 3),
    );
    await fold(
      t,
      "argmax",
      [3, 11, 10],
      t.generate(330, (i) => (i * 5) % 4),
    );
    await fold(
      t,
      "argmax",
      [3, 5000, 1],
      t.generate(15_000, (i) => ((i % 5000) % 4500 === 400 ? 2 : -1)),
    );
  }),
  quick("argmax-index-is-exact", (t) =>
    fold(
      t,
      "argmax",
      [3, 5000, 1],
      t.generate(15_000, (i) => i % 5000),
    ),
  ),
  quick("all-negative", async (t) => {
    for (const fn of ["max", "min", "argmax"] as const) {
      await fold(
        t,
        fn,
        [33, 10, 1],
        t.generate(330, (i) => -1 - ((i * 37) % 101)),
      );
    }
  }),
  ...functions.map((fn) =>
    quick(
      `${fn}-non-finite`,
      async (t) => {
        // Rows 0 to 3 hold a NaN (first, middle, last, two of them), 4 +∞, 5 −∞, 6 both, 7 only −∞, the rest none.
        const special = new Map([
          [0, Number.NaN],
          [15, Number.NaN],
          [29, Number.NaN],
          [33, Number.NaN],
          [36, Number.NaN],
          [44, Number.POSITIVE_INFINITY],
          [57, Number.NEGATIVE_INFINITY],
          [61, Number.POSITIVE_INFINITY],
          [64, Number.NEGATIVE_INFINITY],
        ]);
        const at = (i: number): number =>
          special.get(i) ?? (i >= 70 && i < 80 ? Number.NEGATIVE_INFINITY : (i * 7) % 11);
        await fold(t, fn, [33, 10, 1], t.generate(330, at));
        await fold(t, fn, [3, 11, 10], t.generate(330, at));
      },
      strictNonFinite,
    ),
  ),
  quick(
    "nan-in-a-late-block",
    async (t) => {
      for (const fn of functions) {
        await fold(
          t,
          fn,
          [3, 5000, 1],
          t.generate(15_000, (i) => (i === 4500 || i === 5000 ? Number.NaN : 1)),
        );
      }
    },
    strictNonFinite,
  ),
  full("sum-of-a-vocabulary", (t) => fold(t, "sum", [2, 131_072, 1], t.generate(262_144, t.random().normal))),
  full("sum-of-131072-rows", (t) => fold(t, "sum", [1, 131_072, 3], t.generate(393_216, t.random().normal))),
  full("argmax-of-a-vocabulary", (t) => fold(t, "argmax", [2, 131_072, 1], t.generate(262_144, t.random().normal))),
  full("more-ones-than-float32-counts", (t) => {
    // A running float32 sum of ones stops at 2^24 (PyTorch's and XLA's do not).
    const ones = new Float32Array(2 ** 24 + 4096).fill(1);
    return fold(t, "sum", [1, ones.length, 1], ones);
  }),
];
