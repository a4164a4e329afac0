import { expect, test } from "vitest";
import { rowChunks } from "./row-chunks.ts";

const counts = (rows: number, rowBytes: number, maxBytes: number): number[] =>
  rowChunks(rows, rowBytes, maxBytes).map(({ count }) => count);

test("chunks are as few as the bytes allow, and as equal as can be", () => {
  expect(counts(10, 8, 24)).toEqual([3, 3, 3, 1]);
  expect(counts(9, 8, 40)).toEqual([5, 4]);
  expect(counts(8, 8, 64)).toEqual([8]);
  expect(counts(8, 8, 63)).toEqual([4, 4]);
});

test("one row is always allowed, and no rows are one chunk of none", () => {
  expect(counts(3, 8, 1)).toEqual([1, 1, 1]);
  expect(counts(0, 8, 1)).toEqual([0]);
});

test("a chunk begins where the one before ends", () => {
  expect(rowChunks(5, 8, 16)).toEqual([
    { from: 0, count: 2 },
    { from: 2, count: 2 },
    { from: 4, count: 1 },
  ]);
});
