import type { GemmParams } from "@surprisal/core";
import { type Case, type CaseContext, strictNonFinite } from "../case.ts";
import { gemm } from "../oracle/reduction.ts";
import { caseGroup } from "./define.ts";

const { quick, full } = caseGroup("kernel/gemm");

const square: GemmParams = { m: 5, n: 3, k: 7, batch: 1, transA: false, transB: false, accumulate: false };

interface Operands {
  readonly a?: ArrayLike<number>;
  readonly b?: ArrayLike<number>;
  readonly c?: ArrayLike<number>;
}

/** Runs gemm on random operands (or the given ones) and holds it to the compensated product. */
async function product(t: CaseContext, sizes: Partial<GemmParams>, given: Operands = {}): Promise<void> {
  const params = { ...square, ...sizes };
  const { m, n, k, batch, accumulate } = params;
  const random = t.random(`${m} ${n} ${k}`);
  const a = t.numbers(given.a ?? t.generate(batch * m * k, random.normal));
  const b = t.numbers(given.b ?? t.generate(batch * k * n, random.normal));
  const start = t.numbers(given.c ?? t.generate(batch * m * n, random.normal));
  const c = accumulate ? t.float(start) : t.output(batch * m * n);
  t.kernels.gemm({ c }, { a: t.float(a), b: t.float(b) }, params);
  t.check(await t.read(c), gemm(a, b, accumulate ? start : undefined, params), t.judge("product"), "c");
}

/** Matrix products: every layout, every edge of the sizes, sums longer than a block. */
export const gemmCases: readonly Case[] = [
  quick("plain", (t) => product(t, {})),
  quick("transposes", async (t) => {
    for (const transA of [false, true]) for (const transB of [false, true]) await product(t, { transA, transB });
  }),
  quick("batch", async (t) => {
    for (const transA of [false, true])
      for (const transB of [false, true]) await product(t, { batch: 4, transA, transB });
  }),
  quick("accumulate", async (t) => {
    await product(t, { accumulate: true });
    await product(t, { accumulate: true, batch: 4, transA: true, transB: true });
  }),
  quick("sizes-off-every-block", async (t) => {
    for (const transA of [false, true])
      for (const transB of [false, true]) {
        await product(t, { m: 33, n: 18, k: 257, transA, transB });
      }
  }),
  quick("one-row-and-one-column", async (t) => {
    await product(t, { m: 1, n: 10, k: 64 });
    await product(t, { m: 33, n: 1, k: 10, transB: true });
    await product(t, { m: 1, n: 1, k: 1 });
  }),
  quick("k-zero-gives-zeros", async (t) => {
    const c = t.output(15);
    t.kernels.gemm({ c }, { a: t.float([]), b: t.float([]) }, { ...square, k: 0 });
    t.check(await t.read(c), new Float64Array(15), t.judge("exact"), "c");
  }),
  quick("k-zero-accumulates-nothing", async (t) => {
    const start = t.numbers([1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    const c = t.float(start);
    t.kernels.gemm({ c }, { a: t.float([]), b: t.float([]) }, { ...square, k: 0, accumulate: true });
    t.check(await t.read(c), start, t.judge("exact"), "c");
  }),
  quick("no-rows", (t) => product(t, { m: 0 })),
  quick("long-inner-axis", async (t) => {
    await product(t, { m: 2, n: 3, k: 5000 });
    await product(t, { m: 2, n: 3, k: 5000, transA: true });
  }),
  quick("long-inner-axis-of-one-sign", async (t) => {
    const random = t.random();
    const a = t.generate(10_000, () => 0.1 + random.uniform());
    const b = t.generate(15_000, () => 0.1 + random.uniform());
    await product(t, { m: 2, n: 3, k: 5000, transB: true }, { a, b });
  }),
  quick("terms-that-cancel", async (t) => {
    // 1e4·1e4 − 1e4·1e4 + small: what remains is small against Σ|a|·|b|.
    const a = t.generate(35, (i) => (i % 7 < 2 ? 1e4 * (i % 2 === 0 ? 1 : -1) : 1 + (i % 5) / 8));
    await product(t, {}, { a, b: t.generate(21, (i) => (i < 6 ? 1e4 : 0.25 + (i % 3))) });
  }),
  quick(
    "not-a-number-and-infinity",
    async (t) => {
      // Row 1 meets NaN, row 2 ∞·0, row 3 ∞; rows 0 and 4 stay finite.
      const a = t.generate(35, (i) => (i === 8 ? Number.NaN : i === 14 || i === 22 ? Number.POSITIVE_INFINITY : 1));
      await product(t, {}, { a, b: t.generate(21, (i) => (i < 3 ? 0 : i)) });
    },
    strictNonFinite,
  ),
  full("large", (t) => product(t, { m: 128, n: 130, k: 1000 })),
  full("very-long-inner-axis", (t) => product(t, { m: 1, n: 2, k: 131_072 })),
];
