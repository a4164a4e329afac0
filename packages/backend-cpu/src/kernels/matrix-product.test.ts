import type { GemmParams, HostArray } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants, lab, orders } from "../../testing/kernel-lab.ts";
import { gemm as plainGemm } from "../plain/matrix-product.ts";
import type { KernelVariant } from "./kernel-module.ts";
import { gemm } from "./matrix-product.ts";

const square: GemmParams = { m: 5, n: 3, k: 7, batch: 1, transA: false, transB: false, accumulate: false };

/** Numbers from −0.7 to 1.3, the same every time (Park & Miller 1988). */
function random(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 1_073_741_823.5 - 0.7;
  });
}

/** C from the kernels, whose bits must not depend on the order of the blocks. */
async function product(
  variant: KernelVariant,
  params: GemmParams,
  { a, b, c }: { a: HostArray; b: HostArray; c?: HostArray },
  from?: number,
): Promise<Float32Array> {
  const wasm = await lab(variant, from);
  const inputs = { a: wasm.floats(a), b: wasm.floats(b) };
  const length = params.batch * params.m * params.n;
  const [atOnce, reversed] = orders.map((order) => {
    const output = c ? wasm.floats(c) : wasm.room(length);
    wasm.run(gemm, { c: output }, inputs, params, order);
    return wasm.read(output);
  });
  expect(reversed).toEqual(atOnce);
  return atOnce!;
}

/** Holds a product of random numbers to the plain kernel in float64, with the kit's tolerance for products. */
async function agrees(variant: KernelVariant, sizes: Partial<GemmParams>, from?: number): Promise<void> {
  const params = { ...square, ...sizes };
  const { m, n, k, batch } = params;
  const [a, b, c] = [random(batch * m * k, 1), random(batch * k * n, 2), random(batch * m * n, 3)];
  const result = await product(variant, params, params.accumulate ? { a, b, c } : { a, b }, from);
  const [exact, scale] = [Float64Array.from(c), Float64Array.from(c, Math.abs)];
  plainGemm({ c: exact }, { a: Float64Array.from(a), b: Float64Array.from(b) }, params);
  plainGemm({ c: scale }, { a: Float64Array.from(a, Math.abs), b: Float64Array.from(b, Math.abs) }, params);
  for (const [i, value] of exact.entries()) {
    const allowed = 2 ** -23 * Math.abs(value) + 1e-6 * scale[i]!;
    if (!(Math.abs(result[i]! - value) <= allowed)) {
      expect.fail(`${JSON.stringify(params)}: element ${i} is ${result[i]}, not ${value} ± ${allowed}`);
    }
  }
}

const layouts = [false, true].flatMap((transA) => [false, true].map((transB) => ({ transA, transB })));

/** Nothing, one element, what rows compute, and what tiles do: with rows, columns and k beyond every whole piece. */
const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [0, 3, 3],
  [3, 0, 3],
  [5, 9, 0],
  [1, 1, 1],
  [3, 3, 2],
  [1, 1030, 50],
  [1030, 1, 50],
  [2, 3, 1100],
  [4, 8, 32],
  [6, 8, 48],
  [7, 7, 49],
  [9, 65, 97],
  [13, 17, 1025],
  [59, 70, 33],
  [260, 9, 20],
];

describeVariants("gemm", (variant) => {
  it.each(shapes)("agrees with the plain kernel at %i×%i×%i, in every layout", async (m, n, k) => {
    for (const layout of layouts) {
      await agrees(variant, { m, n, k, ...layout });
      await agrees(variant, { m, n, k, ...layout, batch: 2, accumulate: true });
    }
  });

  it("packs a large B part by part", async () => {
    await agrees(variant, { m: 4, n: 140, k: 30_000, transB: true });
    await agrees(variant, { m: 4, n: 9, k: 54_000, batch: 5 });
  });

  it("takes addresses beyond 2 GiB", async () => {
    await agrees(variant, { m: 33, n: 18, k: 70, transA: true }, 2 ** 31 + 2 ** 20);
    await agrees(variant, { m: 1, n: 18, k: 70 }, 2 ** 31 + 2 ** 20);
  });

  // A run of 256 would be off by 4e-6.
  it.each([0.1, 1 / 3, 1.7, 1.999])(
    "adds up 100 000 times %f within the tolerance, by tiles and by rows",
    async (x) => {
      const [k, exact] = [100_000, 100_000 * Math.fround(x)];
      for (const m of [1, 8]) {
        for (const layout of layouts) {
          const numbers = { a: new Float32Array(m * k).fill(1), b: new Float32Array(k * 2).fill(x) };
          for (const sum of await product(variant, { ...square, m, n: 2, k, ...layout }, numbers)) {
            expect(Math.abs(sum - exact)).toBeLessThanOrEqual((2 ** -23 + 1e-6) * exact);
          }
        }
      }
    },
  );

  // Runs of 48 are off by 3.9e-7 at most here, and one of 96 by 6.7e-7 or more for some k (simulated with Math.fround).
  it.each([0.1, 1 / 3, 0.7])("adds up 96 to 100 times %f² within 5e-7, by tiles and by rows", async (x) => {
    for (const k of [96, 97, 98, 99, 100]) {
      const exact = k * Math.fround(x) ** 2;
      for (const m of [1, 4, 6]) {
        for (const layout of layouts) {
          const numbers = { a: new Float32Array(m * k).fill(x), b: new Float32Array(k * 9).fill(x) };
          for (const sum of await product(variant, { ...square, m, n: 9, k, ...layout }, numbers)) {
            expect(Math.abs(sum / exact - 1)).toBeLessThan(5e-7);
          }
        }
      }
    }
  });

  it("adds up a million ones exactly", async () => {
    const k = 2 ** 20;
    const ones = { a: new Float32Array(4 * k).fill(1), b: new Float32Array(k).fill(1) };
    expect([...(await product(variant, { ...square, m: 4, n: 1, k }, ones))]).toEqual([k, k, k, k]);
    const many = { a: new Float32Array(4 * k).fill(1), b: new Float32Array(2 * k).fill(1) };
    expect(new Set(await product(variant, { ...square, m: 4, n: 2, k }, many))).toEqual(new Set([k]));
  });

  // What fills up a tile must not meet an infinity.
  it.each([
    [3, 3, 2],
    [1, 9, 5],
    [7, 9, 50],
    [9, 11, 1030],
  ])("keeps NaN and infinities in their rows and columns at %i×%i×%i", async (m, n, k) => {
    for (const { transA, transB } of layouts) {
      const a = new Float32Array(m * k).fill(1);
      const b = new Float32Array(k * n).fill(1);
      const [lastRow, lastColumn] = [m - 1, n - 1];
      a[transA ? (k - 1) * m + lastRow : lastRow * k + k - 1] = Number.POSITIVE_INFINITY;
      b[transB ? lastColumn * k : lastColumn] = Number.NaN;
      const expected = Array.from({ length: m * n }, (_, i) => {
        if (i % n === lastColumn) return Number.NaN;
        return Math.floor(i / n) === lastRow ? Number.POSITIVE_INFINITY : k;
      });
      expect([...(await product(variant, { ...square, m, n, k, transA, transB }, { a, b }))]).toEqual(expected);
    }
  });
});
