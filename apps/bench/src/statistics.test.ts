import { expect, test } from "vitest";
import { ratios, spread } from "./statistics.ts";

test("median, quartiles and minimum, between neighbours where need be", () => {
  expect(spread([5, 1, 4, 2, 3])).toEqual({ least: 1, lower: 2, median: 3, upper: 4 });
  expect(spread([4, 1, 2, 3])).toEqual({ least: 1, lower: 1.75, median: 2.5, upper: 3.25 });
  expect(spread([7])).toEqual({ least: 7, lower: 7, median: 7, upper: 7 });
});

test("a ratio is taken within its round", () => {
  expect(ratios([2, 40, 6], [1, 20, 3]).median).toBe(2);
  expect(ratios([2, 40, 6], [1, 20, 3]).upper).toBe(2);
  // One that took part in the first rounds alone.
  expect(ratios([2, 40], [1, 20, 3]).median).toBe(2);
  expect(ratios([2, 40, 6], [1]).upper).toBe(2);
});
