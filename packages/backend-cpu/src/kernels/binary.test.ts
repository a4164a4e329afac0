import { compare, float32, type Quantity, randomNumbers, tolerance } from "@surprisal/conformance";
import type { BinaryFunction, BinaryParams, Strides3 } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants, lab } from "../../testing/kernel-lab.ts";
import { binary as plainBinary } from "../plain/elementwise.ts";
import { binary } from "./binary.ts";

const quantities: Readonly<Record<BinaryFunction, Quantity>> = {
  add: "arithmetic",
  mul: "arithmetic",
  div: "division",
  pow: "composed",
  min: "exact",
  max: "exact",
  equal: "exact",
  less: "exact",
  lessEqual: "exact",
};
const functions = Object.keys(quantities) as BinaryFunction[];

/** Sizes around the vectors, the short rows and the blocks. */
const shapes: readonly Strides3[] = [
  [1, 1, 1],
  [1, 1, 3],
  [2, 3, 1],
  [3, 5, 7],
  [1, 130, 63],
  [2, 65, 64],
  [3, 2, 67],
  [2, 2, 4097],
  [1, 1, 9001],
  [700, 3, 5],
  [0, 3, 5],
];

/** Which of the three axes an operand has. */
const owned = [
  [1, 1, 1],
  [0, 0, 0],
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
  [1, 1, 0],
  [1, 0, 1],
  [0, 1, 1],
] as const;

/** The strides and the length of an operand that is contiguous over the axes that it has. */
function layout(shape: Strides3, has: readonly number[]): { readonly strides: Strides3; readonly length: number } {
  const strides: [number, number, number] = [0, 0, 0];
  let length = 1;
  for (const i of [2, 1, 0] as const) {
    if (!has[i]) continue;
    strides[i] = length;
    length *= shape[i];
  }
  return { strides, length };
}

describeVariants("binary", (variant) => {
  it("agrees with the plain kernel in every layout, in any order of blocks", async () => {
    const wasm = await lab(variant);
    const random = randomNumbers(3);
    const check = (params: BinaryParams, a: Float32Array, b: Float32Array): void => {
      const length = params.outer * params.axis * params.inner;
      const tensors = { a: wasm.floats(a), b: wasm.floats(b) };
      const [y, again] = [wasm.room(length), wasm.room(length)];
      wasm.run(binary, { y }, tensors, params);
      wasm.run(binary, { y: again }, tensors, params, "one by one, reversed");
      const result = wasm.read(y);
      expect(wasm.read(again)).toEqual(result);
      const values = new Float64Array(length);
      plainBinary({ y: values }, { a, b }, params);
      const name = `${params.fn} of ${params.outer}×${params.axis}×${params.inner}, ${params.aStrides}, ${params.bStrides}`;
      // Positive numbers up to 2, so that the largest term of 1.5·a + 0.5·b is not far above the value.
      const bound = tolerance("f32", quantities[params.fn]);
      expect(
        compare(result, { values, terms: values.map((value) => 8 * value) }, bound, float32, name).fault,
      ).toBeUndefined();
    };
    for (const shape of shapes) {
      const [outer, axis, inner] = shape;
      for (const left of owned) {
        for (const right of owned) {
          const [a, b] = [layout(shape, left), layout(shape, right)];
          const values = (length: number) => Float32Array.from({ length }, () => 0.25 + 1.75 * random.uniform());
          const sizes = { outer, axis, inner, aStrides: a.strides, bStrides: b.strides };
          check({ fn: "add", alpha: 1.5, beta: 0.5, ...sizes }, values(a.length), values(b.length));
        }
      }
      const whole = layout(shape, [1, 1, 1]);
      const transposed: Strides3 = [1, outer, outer * axis];
      for (const fn of functions) {
        const values = Float32Array.from({ length: whole.length }, () => Math.ceil(8 * random.uniform()) / 4);
        const others = Float32Array.from({ length: whole.length }, () => Math.ceil(8 * random.uniform()) / 4);
        const sizes = { outer, axis, inner, aStrides: whole.strides, bStrides: transposed };
        check({ fn, alpha: 1, beta: 1, ...sizes }, values, others);
      }
    }
  });

  it("has JavaScript's powers, and NaN in min and max from either side", async () => {
    const wasm = await lab(variant);
    const numbers = [Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 2, -2, 0.5, -2.5, 3, 1e-45, 1e30, 16_777_216];
    const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b] as const));
    const [left, right] = [Float32Array.from(pairs, ([a]) => a), Float32Array.from(pairs, ([, b]) => b)];
    const strides = [0, 0, 1] as const;
    const sizes = { outer: 1, axis: 1, inner: pairs.length, aStrides: strides, bStrides: strides };
    for (const fn of functions) {
      const y = wasm.room(pairs.length);
      const params: BinaryParams = { fn, alpha: 1, beta: 1, ...sizes };
      wasm.run(binary, { y }, { a: wasm.floats(left), b: wasm.floats(right) }, params);
      const values = new Float64Array(pairs.length);
      plainBinary({ y: values }, { a: left, b: right }, params);
      expect(compare(wasm.read(y), { values }, tolerance("f32", quantities[fn]), float32, fn).fault).toBeUndefined();
    }
  });
});
