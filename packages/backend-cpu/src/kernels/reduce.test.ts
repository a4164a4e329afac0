import { compare, float32, randomNumbers, tolerance } from "@surprisal/conformance";
import type { ReduceFunction, ReduceParams } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants, lab } from "../../testing/kernel-lab.ts";
import { reduce as plainReduce } from "../plain/reduce.ts";
import { reduce } from "./reduce.ts";

const functions: readonly ReduceFunction[] = ["sum", "sumSquares", "max", "min", "argmax"];

/** Around the vectors, the trees of eight, and the pieces along and across the axis. */
const shapes = [
  ...[1, 2, 3, 4, 5, 31, 32, 33, 100, 4095, 4096, 4097, 9001].flatMap((axis) => [
    [1, axis, 1] as const,
    [3, axis, 1] as const,
  ]),
  ...[1, 7, 8, 9, 255, 256, 257, 600].flatMap((axis) => [2, 3, 4, 5, 33].map((inner) => [2, axis, inner] as const)),
  [2, 9, 1023] as const,
  [1, 300, 1025] as const,
  [1000, 2, 3] as const,
  [5000, 3, 1] as const,
  [0, 3, 2] as const,
  [3, 2, 0] as const,
];

describeVariants("reduce", (variant) => {
  it("agrees with the plain kernel for every shape, in any order of blocks", async () => {
    const wasm = await lab(variant);
    const random = randomNumbers(5);
    for (const [outer, axis, inner] of shapes) {
      // Few different numbers, so that the first of equals counts; and columns with a NaN or two, and with infinities.
      const values = Float32Array.from({ length: outer * axis * inner }, () => Math.round(16 * random.normal()) / 8);
      const odd = values.map((value) =>
        random.uniform() < 0.004 ? [Number.NaN, Infinity, -Infinity][Math.floor(3 * random.uniform())]! : value,
      );
      for (const data of [values, odd]) {
        for (const fn of functions) {
          const params: ReduceParams = { fn, outer, axis, inner };
          const x = wasm.floats(data);
          const length = outer * inner;
          const [y, again] = [wasm.room(length), wasm.room(length)];
          wasm.run(reduce, { y }, { x }, params);
          wasm.run(reduce, { y: again }, { x }, params, "one by one, reversed");
          const result = wasm.read(y);
          expect(wasm.read(again)).toEqual(result);
          const [expected, scale] = [new Float64Array(length), new Float64Array(length)];
          plainReduce({ y: expected }, { x: Float64Array.from(data) }, params);
          const size = Float64Array.from(data, Math.abs);
          plainReduce({ y: scale }, { x: size }, { ...params, fn: fn === "sumSquares" ? fn : "sum" });
          const quantity = fn === "sum" || fn === "sumSquares" ? "sum" : "exact";
          const name = `${fn} of ${outer}×${axis}×${inner}`;
          expect(
            compare(result, { values: expected, scale }, tolerance("f32", quantity), float32, name).fault,
          ).toBeUndefined();
        }
      }
    }
  });

  it("sums more ones than a float32 counts, in a row and in columns", async () => {
    const wasm = await lab(variant);
    const length = 2 ** 25;
    const x = wasm.floats(new Float32Array(length).fill(0.1));
    const y = wasm.room(2);
    wasm.run(reduce, { y }, { x }, { fn: "sum", outer: 1, axis: length, inner: 1 });
    expect(wasm.read(y)[0]! / (length * Math.fround(0.1))).toBeCloseTo(1, 6);
    wasm.run(reduce, { y }, { x }, { fn: "sumSquares", outer: 1, axis: length / 2, inner: 2 });
    for (const sum of wasm.read(y)) expect(sum / ((length / 2) * Math.fround(0.1) ** 2)).toBeCloseTo(1, 6);
  });

  it("gives 0 for the sum of nothing", async () => {
    const wasm = await lab(variant);
    for (const inner of [1, 3]) {
      const y = wasm.room(2 * inner);
      wasm.run(reduce, { y }, { x: wasm.floats([]) }, { fn: "sum", outer: 2, axis: 0, inner });
      expect([...wasm.read(y)]).toEqual(new Array(2 * inner).fill(0));
    }
  });
});
