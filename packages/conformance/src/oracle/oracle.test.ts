import { expect, test } from "vitest";
import { compensatedSum } from "./compensated-sum.ts";
import { rearrange, scatterAddRows } from "./data-movement.ts";
import { unary } from "./elementwise.ts";
import { normalCdf } from "./normal-distribution.ts";
import { gemm, reduce } from "./reduction.ts";

test("compensated sums keep what plain sums lose", () => {
  const sum = compensatedSum();
  for (const term of [1, 1e100, 1, -1e100]) sum.add(term);
  expect(sum.value()).toBe(2);
  const product = compensatedSum();
  product.addProduct(1 + 2 ** -30, 1 - 2 ** -30);
  product.add(-1);
  expect(product.value()).toBe(-(2 ** -60));
});

test("compensated sums treat infinities and NaN as plain sums do", () => {
  const sum = compensatedSum();
  sum.add(Number.POSITIVE_INFINITY);
  sum.add(1);
  expect(sum.value()).toBe(Number.POSITIVE_INFINITY);
  sum.add(Number.NEGATIVE_INFINITY);
  expect(sum.value()).toBeNaN();
});

test("Φ is right to 1e-14 of itself: the values of Abramowitz & Stegun 26.2 and of erfc", () => {
  // erfc(1), erfc(2), erfc(5), erfc(10) as published (DLMF 7), taken at x = −√2·t.
  const erfc = [
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [5, 1.5374597944280349e-12],
    [10, 2.088487583762545e-45],
  ] as const;
  for (const [t, value] of erfc) {
    // √2·t is rounded, which costs 2·t² ulps.
    expect(Math.abs((2 * normalCdf(-Math.SQRT2 * t)) / value - 1)).toBeLessThan(2e-16 * (4 + 4 * t * t));
  }
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(1)).toBeCloseTo(0.8413447460685429, 15);
  expect([normalCdf(Number.NEGATIVE_INFINITY), normalCdf(Number.POSITIVE_INFINITY)]).toEqual([0, 1]);
});

test("the two forms of Φ meet at 1 and are monotone", () => {
  let last = 0;
  for (let x = -38; x < 9; x += 1 / 64) {
    const value = normalCdf(x);
    expect(value).toBeGreaterThanOrEqual(last);
    last = value;
  }
  expect(Math.abs(normalCdf(-1 + 2 ** -50) - normalCdf(-1))).toBeLessThan(1e-15);
});

test("gelu: the values of PyTorch's documentation functions at ±1", () => {
  const gelu = (fn: "geluErf" | "geluTanh"): number[] =>
    Array.from(unary([1, -1], { fn, alpha: 0, beta: 0, length: 2 }).values);
  expect(gelu("geluErf")[0]).toBeCloseTo(0.8413447460685429, 14);
  expect(gelu("geluTanh")[0]).toBeCloseTo(0.8411919906082768, 14);
  expect(gelu("geluErf")[1]).toBeCloseTo(-0.15865525393145707, 14);
});

test("gemm by hand, with each transposition", () => {
  const params = { m: 2, n: 2, k: 2, batch: 1, transA: false, transB: false, accumulate: false };
  const [a, b] = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ];
  const values = (changes: object): number[] => Array.from(gemm(a, b, undefined, { ...params, ...changes }).values);
  expect(values({})).toEqual([19, 22, 43, 50]);
  expect(values({ transA: true })).toEqual([26, 30, 38, 44]);
  expect(values({ transB: true })).toEqual([17, 23, 39, 53]);
  expect(Array.from(gemm(a, b, [1, 1, 1, 1], { ...params, accumulate: true }).values)).toEqual([20, 23, 44, 51]);
});

test("argmax takes the first of equals and the first NaN", () => {
  const argmax = (...x: number[]): number => reduce(x, { fn: "argmax", outer: 1, axis: x.length, inner: 1 }).values[0]!;
  expect(argmax(1, 3, 3)).toBe(1);
  expect(argmax(1, Number.NaN, 5, Number.NaN)).toBe(1);
});

test("rearrange flips, pads and falls back to the background", () => {
  const params = { dims: [5], strides: [-1], offset: 3, from: [1], to: [4] };
  expect(Array.from(rearrange([10, 20, 30], undefined, params))).toEqual([0, 30, 20, 10, 0]);
  expect(Array.from(rearrange([10, 20, 30], [1, 2, 3, 4, 5], params))).toEqual([1, 30, 20, 10, 5]);
});

test("scatter adds each value to the row of its index", () => {
  const { values } = scatterAddRows([1, 2, 4], [2, 0, 2], { rows: 3, cols: 1, tableRows: 3 });
  expect(Array.from(values)).toEqual([2, 0, 5]);
});
