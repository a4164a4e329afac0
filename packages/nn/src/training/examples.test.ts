import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type Examples, packedRows } from "./examples.ts";

/** Rows of what a program of another realm made: an iframe, or a context of Node's. */
const rowsOf = (program: string): number[] => {
  const rows = packedRows("fit", "y", runInNewContext(program) as Examples);
  return [...(rows.take(Uint32Array.of(2, 0)).data as ArrayLike<number> & Iterable<number>)];
};

test("typed arrays of another realm are read as those of one's own, 64-bit integers too", () => {
  expect(rowsOf("new BigInt64Array([3n, 4n, 5n])")).toEqual([5, 3]);
  expect(rowsOf("new Int8Array([3, 4, 5])")).toEqual([5, 3]);
  expect(rowsOf("new Float32Array([3, 4, 5])")).toEqual([5, 3]);
});

test("other views are no numbers", () => {
  expect(() => packedRows("fit", "y", new DataView(new ArrayBuffer(8)) as never)).toThrow(/fit: y is/);
});
