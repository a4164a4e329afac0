import type { RearrangeParams } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { rearrange } from "../oracle/data-movement.ts";
import { caseGroup } from "./define.ts";

const { quick } = caseGroup("kernel/rearrange");
const filling = caseGroup("kernel/fill");

/** A rearrangement without an offset whose whole range is valid, but for what is given. */
function paramsOf(
  dims: readonly number[],
  strides: readonly number[],
  rest: Partial<RearrangeParams> = {},
): RearrangeParams {
  return { dims, strides, offset: 0, from: dims.map(() => 0), to: dims, ...rest };
}

async function move(t: CaseContext, length: number, params: RearrangeParams, withBackground = false): Promise<void> {
  const size = params.dims.reduce((product, dim) => product * dim, 1);
  const x = t.generate(length, (i) => i + 1);
  const background = withBackground ? t.generate(size, (i) => -i - 0.5) : undefined;
  const y = t.output(size);
  t.kernels.rearrange({ y }, { x: t.float(x), background: background && t.float(background) }, params);
  t.check(await t.read(y), rearrange(x, background, params), t.judge("exact"), "y");
}

/** Moving data: permute, broadcast, slice, pad, flip and all of them at once, in 1 to 5 dimensions. */
export const rearrangeCases: readonly Case[] = [
  quick("copy", (t) => move(t, 330, paramsOf([330], [1]))),
  quick("transpose", (t) => move(t, 330, paramsOf([10, 33], [1, 10]))),
  quick("permute-three", (t) => move(t, 330, paramsOf([10, 3, 11], [1, 110, 10]))),
  quick("permute-five", (t) => move(t, 360, paramsOf([5, 2, 4, 3, 3], [1, 180, 5, 60, 20]))),
  quick("broadcast", async (t) => {
    await move(t, 10, paramsOf([33, 10], [0, 1]));
    await move(t, 33, paramsOf([33, 10], [1, 0]));
    await move(t, 1, paramsOf([33, 10], [0, 0]));
  }),
  quick("slice", (t) => move(t, 330, paramsOf([10, 4], [10, 1], { offset: 53 }))),
  quick("slice-with-a-step", (t) => move(t, 330, paramsOf([10, 4], [30, 2], { offset: 21 }))),
  quick("flip", async (t) => {
    await move(t, 330, paramsOf([330], [-1], { offset: 329 }));
    await move(t, 330, paramsOf([33, 10], [10, -1], { offset: 9 }));
    await move(t, 330, paramsOf([33, 10], [-10, -1], { offset: 329 }));
  }),
  quick("pad", (t) =>
    // 10 × 4 in the middle of 33 × 10: the index at a padded coordinate would lie before the data.
    move(t, 40, paramsOf([33, 10], [4, 1], { offset: -(5 * 4 + 3), from: [5, 3], to: [15, 7] })),
  ),
  quick("pad-past-the-end", (t) => move(t, 3, paramsOf([330], [1], { from: [0], to: [3] }))),
  quick("background", (t) =>
    move(t, 40, paramsOf([33, 10], [4, 1], { offset: -(5 * 4 + 3), from: [5, 3], to: [15, 7] }), true),
  ),
  quick("background-in-place", async (t) => {
    const x = t.generate(40, (i) => i + 1);
    const background = t.generate(330, (i) => -i);
    const params = paramsOf([33, 10], [4, 1], { offset: -(5 * 4 + 3), from: [5, 3], to: [15, 7] });
    const handle = t.float(background);
    t.kernels.rearrange({ y: handle }, { x: t.float(x), background: handle }, params);
    t.check(await t.read(handle), rearrange(x, background, params), t.judge("exact"), "y");
  }),
  quick("concatenate", async (t) => {
    const [first, second] = [t.generate(4 * 3, (i) => i), t.generate(4 * 7, (i) => 100 + i)];
    const left = t.output(40);
    t.kernels.rearrange({ y: left }, { x: t.float(first) }, paramsOf([4, 10], [3, 1], { to: [4, 3] }));
    const both = t.output(40);
    const behind = paramsOf([4, 10], [7, 1], { offset: -3, from: [0, 3] });
    t.kernels.rearrange({ y: both }, { x: t.float(second), background: left }, behind);
    const rows = [0, 1, 2, 3].flatMap((r) => [...first.slice(3 * r, 3 * r + 3), ...second.slice(7 * r, 7 * r + 7)]);
    t.check(await t.read(both), rows, t.judge("exact"), "y");
  }),
  quick("everything-at-once", (t) =>
    // Permuted, one axis flipped, one broadcast, padded on both sides.
    move(
      t,
      60,
      paramsOf([4, 6, 2, 5, 3], [12, 1, 0, -3, 0], { offset: 12 - 1, from: [0, 1, 0, 1, 0], to: [4, 3, 2, 4, 3] }),
      true,
    ),
  ),
  quick("empty-range", (t) => move(t, 10, paramsOf([33, 10], [10, 1], { from: [5, 0], to: [5, 10] }))),
  quick("nothing", (t) => move(t, 10, paramsOf([0, 10], [10, 1]))),
  quick(
    "nan-is-moved-and-never-multiplied",
    async (t) => {
      const x = t.generate(40, (i) => (i % 3 === 0 ? Number.NaN : i % 3 === 1 ? Number.POSITIVE_INFINITY : i));
      const params = paramsOf([33, 10], [4, 1], { offset: -(5 * 4 + 3), from: [5, 3], to: [15, 7] });
      const y = t.output(330);
      t.kernels.rearrange({ y }, { x: t.float(x) }, params);
      t.check(await t.read(y), rearrange(x, undefined, params), t.judge("exact"), "y");
    },
    strictNonFinite,
  ),
  filling.quick("values", async (t) => {
    for (const value of [0, -1.5, 1e30, 0.1]) {
      const y = t.output(330);
      t.kernels.fill({ y }, {}, { value, length: 330 });
      t.check(await t.read(y), new Float64Array(330).fill(t.format.round(value)), t.judge("exact"), "y");
    }
  }),
  filling.quick(
    "non-finite-values",
    async (t) => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const y = t.output(330);
        t.kernels.fill({ y }, {}, { value, length: 330 });
        t.check(await t.read(y), new Float64Array(330).fill(value), t.judge("exact"), "y");
      }
    },
    strictNonFinite,
  ),
  filling.quick("nothing", async (t) => {
    const y = t.output(0);
    t.kernels.fill({ y }, {}, { value: 1, length: 0 });
    t.check(await t.read(y), [], t.judge("exact"), "y");
  }),
];
