import { expect, test } from "vitest";
import { classWeightsOf } from "./class-weights.ts";

test("balanced weights are scikit-learn's: rows / (classes · rows of the class)", () => {
  // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2]), by its formula
  expect(classWeightsOf("balanced", Uint8Array.of(0, 0, 0, 1, 2, 2), 3)).toEqual([6 / 9, 6 / 3, 6 / 6]);
  expect(classWeightsOf("balanced", Uint8Array.of(0), 2)).toEqual([0.5, 1]);
});

test("given weights count, the others are 1", () => {
  expect(classWeightsOf({ 1: 2.5 }, Uint8Array.of(0, 1), 3)).toEqual([1, 2.5, 1]);
});
