import { expect, test } from "vitest";
import { compare } from "./comparison.ts";
import { float32, float64 } from "./float-format.ts";
import { betweenTwo, tolerance } from "./tolerance.ts";

const fault = (actual: number, expected: number, judgement = tolerance("f32", "loss")): string | undefined =>
  compare([actual], { values: [expected] }, judgement, float32, "x").fault;

test("an ulp is the distance to the next number of the format", () => {
  expect([float32.ulp(1), float32.ulp(0.9), float32.ulp(0), float32.ulp(2 ** -130)]).toEqual([
    2 ** -23,
    2 ** -24,
    2 ** -149,
    2 ** -149,
  ]);
  expect([float64.ulp(1), float64.ulp(0)]).toEqual([2 ** -52, 2 ** -1074]);
});

test("3 ulp pass and 4 ulp fail for the loss of class f32", () => {
  expect(fault(1 + 3 * 2 ** -23, 1)).toBeUndefined();
  expect(fault(1 + 4 * 2 ** -23, 1)).toContain("expected 1, got");
});

test("NaN, infinities and too large numbers must be what they are", () => {
  expect(fault(Number.NaN, Number.NaN)).toBeUndefined();
  expect(fault(0, Number.NaN)).toBeDefined();
  expect(fault(Number.NaN, 1)).toBeDefined();
  expect(fault(Number.POSITIVE_INFINITY, 6e38)).toBeUndefined();
  expect(fault(3.4028234663852886e38, 6e38)).toBeDefined();
  expect(fault(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBeDefined();
});

test("the sign of zero is not compared, and results below 2^−126 may be 0", () => {
  expect(fault(-0, 0)).toBeUndefined();
  expect(fault(0, 2 ** -127)).toBeUndefined();
  expect(fault(0, 2 ** -125)).toBeDefined();
});

test("an answer of 0 for a confident row fails on a GPU, where the bound of ordinary rows lets it pass", () => {
  const expected = { values: [3.86e-22], scale: [3.86e-22 * 6] };
  expect(compare([0], { values: [3.86e-22] }, tolerance("f32-gpu", "loss"), float32, "x").fault).toBeUndefined();
  expect(compare([0], expected, tolerance("f32-gpu", "confident loss"), float32, "x").fault).toBeDefined();
  expect(compare([3.86001e-22], expected, tolerance("f32-gpu", "confident loss"), float32, "x").fault).toBeUndefined();
});

// 2 of 100 are expected, 6 are three standard deviations away.
test("many values at 2 ulp fail the share of class f32 though none fails by itself", () => {
  const values = new Float64Array(100).fill(1);
  const judgement = tolerance("f32", "loss");
  const off = (count: number): Float64Array => values.map((value, i) => (i < count ? value + 2 ** -22 : value));
  expect(compare(off(6), { values }, judgement, float32, "x").fault).toBeUndefined();
  expect(compare(off(7), { values }, judgement, float32, "x").fault).toContain("7 of 100");
  expect(compare(off(7), { values }, betweenTwo(judgement), float32, "x").fault).toBeUndefined();
});

test("a length that differs fails", () => {
  expect(compare([1], { values: [1, 2] }, tolerance("f64", "exact"), float64, "y").fault).toContain(
    "2 numbers expected",
  );
});
