import type { BinaryFunction, BinaryParams, Strides3 } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { binary, select } from "../oracle/elementwise.ts";
import type { Quantity } from "../tolerance.ts";
import { caseGroup } from "./define.ts";

const { quick } = caseGroup("kernel/binary");
const selecting = caseGroup("kernel/select");

const quantities: Record<BinaryFunction, Quantity> = {
  add: "arithmetic",
  mul: "arithmetic",
  div: "division",
  pow: "composed",
  min: "exact",
  max: "exact",
  equal: "exact",
  less: "exact",
  lessEqual: "exact",
};

const functions = Object.keys(quantities) as BinaryFunction[];

const [outer, axis, inner] = [3, 11, 10] as const;
const contiguous: Strides3 = [axis * inner, inner, 1];

/** How an operand is laid out over 3 × 11 × 10. */
const layouts: Record<string, { readonly strides: Strides3; readonly length: number }> = {
  whole: { strides: contiguous, length: 330 },
  "one number": { strides: [0, 0, 0], length: 1 },
  "a bias": { strides: [0, 0, 1], length: 10 },
  "a column": { strides: [11, 1, 0], length: 33 },
  "the outer axis": { strides: [1, 0, 0], length: 3 },
  "the middle axis": { strides: [0, 1, 0], length: 11 },
  "all but the middle axis": { strides: [10, 0, 1], length: 30 },
  "a matrix": { strides: [0, 10, 1], length: 110 },
};

async function combine(
  t: CaseContext,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  params: BinaryParams,
): Promise<void> {
  const y = t.output(params.outer * params.axis * params.inner);
  t.kernels.binary({ y }, { a: t.float(a), b: t.float(b) }, params);
  t.check(await t.read(y), binary(a, b, params), t.judge(quantities[params.fn]), params.fn);
}

function paramsOf(
  fn: BinaryFunction,
  strides: Partial<Pick<BinaryParams, "aStrides" | "bStrides">> = {},
): BinaryParams {
  return { fn, alpha: 1, beta: 1, outer, axis, inner, aStrides: contiguous, bStrides: contiguous, ...strides };
}

const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -2];

/** Every function of two variables, every way to broadcast, NaN on either side, in place on either side. */
export const binaryCases: readonly Case[] = [
  ...functions.map((fn) =>
    quick(fn, async (t) => {
      const random = t.random();
      // Quarters, so that comparisons meet equal numbers; a power needs a positive base.
      const quarter = (): number => Math.round(random.normal() * 8) / 4;
      const a = t.generate(330, () =>
        fn === "pow" ? 0.1 + 3 * random.uniform() : fn === "div" ? random.normal() : quarter(),
      );
      const b = t.generate(330, () => (fn === "div" ? 0.1 + random.uniform() : quarter()));
      await combine(t, a, b, paramsOf(fn));
    }),
  ),
  quick("add-scaled", async (t) => {
    const random = t.random();
    const params = { ...paramsOf("add"), alpha: -0.3, beta: 2.5 };
    await combine(t, t.generate(330, random.normal), t.generate(330, random.normal), params);
  }),
  ...Object.entries(layouts).flatMap(([name, { strides, length }]) =>
    (["add", "div"] as const).map((fn) =>
      quick(`${fn}-broadcasts-${name.replaceAll(" ", "-")}`, async (t) => {
        const random = t.random();
        const whole = t.generate(330, () => 0.5 + random.uniform());
        const part = t.generate(length, () => 0.5 + random.uniform());
        await combine(t, whole, part, paramsOf(fn, { bStrides: strides }));
        await combine(t, part, whole, paramsOf(fn, { aStrides: strides }));
      }),
    ),
  ),
  quick("both-broadcast", async (t) => {
    const random = t.random();
    const column = t.generate(33, random.normal);
    const bias = t.generate(10, random.normal);
    await combine(t, column, bias, paramsOf("mul", { aStrides: [11, 1, 0], bStrides: [0, 0, 1] }));
  }),
  quick("strides-that-permute", async (t) => {
    // a is read as its own transpose: not a broadcast, and not contiguous.
    const random = t.random();
    const params = paramsOf("add", { aStrides: [1, 3, 33] });
    await combine(t, t.generate(330, random.normal), t.generate(330, random.normal), params);
  }),
  ...functions.map((fn) =>
    quick(
      `${fn}-non-finite`,
      async (t) => {
        // 1^±∞ is 1 in IEEE 754 and NaN in JavaScript: not asked.
        const base = fn === "pow" ? [Number.NaN, Number.POSITIVE_INFINITY, 0, 2, 0.5, 3] : special;
        const a = t.generate(330, (i) => base[i % 6]!);
        const b = t.generate(330, (i) => special[Math.floor(i / 6) % 6]!);
        await combine(t, a, b, paramsOf(fn));
      },
      strictNonFinite,
    ),
  ),
  quick("in-place", async (t) => {
    const random = t.random();
    const a = t.generate(330, random.normal);
    const b = t.generate(330, random.normal);
    const params = paramsOf("mul");
    const [left, right] = [t.float(a), t.float(b)];
    t.kernels.binary({ y: left }, { a: left, b: right }, params);
    t.check(await t.read(left), binary(a, b, params), t.judge("arithmetic"), "y = a");
    const again = t.float(a);
    t.kernels.binary({ y: right }, { a: again, b: right }, params);
    t.check(await t.read(right), binary(a, b, params), t.judge("arithmetic"), "y = b");
    t.kernels.binary({ y: again }, { a: again, b: again }, params);
    t.check(await t.read(again), binary(a, a, params), t.judge("arithmetic"), "y = a = b");
  }),
  quick("in-place-with-a-broadcast", async (t) => {
    const random = t.random();
    const a = t.generate(330, random.normal);
    const bias = t.generate(10, random.normal);
    const params = paramsOf("add", { bStrides: [0, 0, 1] });
    const handle = t.float(a);
    t.kernels.binary({ y: handle }, { a: handle, b: t.float(bias) }, params);
    t.check(await t.read(handle), binary(a, bias, params), t.judge("arithmetic"), "y");
  }),
  quick("nothing", (t) => combine(t, [], [], { ...paramsOf("add"), outer: 0 })),
  selecting.quick("either", async (t) => {
    const random = t.random();
    const condition = t.generate(330, (i) => [0, 1, -2, 0.25, -0][i % 5]!);
    const [a, b] = [t.generate(330, random.normal), t.generate(330, random.normal)];
    const y = t.output(330);
    t.kernels.select({ y }, { condition: t.float(condition), a: t.float(a), b: t.float(b) }, { length: 330 });
    t.check(await t.read(y), select(condition, a, b), t.judge("exact"), "y");
  }),
  selecting.quick(
    "not-taken-may-be-nan",
    async (t) => {
      const condition = t.generate(330, (i) => i % 2);
      const a = t.generate(330, (i) => (i % 2 ? i : Number.NaN));
      const b = t.generate(330, (i) => (i % 2 ? Number.POSITIVE_INFINITY : -i));
      const y = t.output(330);
      t.kernels.select({ y }, { condition: t.float(condition), a: t.float(a), b: t.float(b) }, { length: 330 });
      t.check(await t.read(y), select(condition, a, b), t.judge("exact"), "y");
    },
    strictNonFinite,
  ),
  selecting.quick("in-place", async (t) => {
    const random = t.random();
    const given = {
      condition: t.generate(330, (i) => (i % 3 === 0 ? 1 : 0)),
      a: t.generate(330, random.normal),
      b: t.generate(330, random.normal),
    };
    for (const target of ["condition", "a", "b"] as const) {
      const inputs = { condition: t.float(given.condition), a: t.float(given.a), b: t.float(given.b) };
      t.kernels.select({ y: inputs[target] }, inputs, { length: 330 });
      t.check(await t.read(inputs[target]), select(given.condition, given.a, given.b), t.judge("exact"), target);
    }
  }),
];
