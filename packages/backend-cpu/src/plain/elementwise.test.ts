import type { BinaryFunction, UnaryFunction } from "@surprisal/core";
import { describe, expect, it } from "vitest";
import { binary, select, unary } from "./elementwise.ts";

const { NaN: nan } = Number;

describe("unary", () => {
  const apply = (fn: UnaryFunction, x: number[], alpha = 0, beta = 0) => {
    const y = Float64Array.from(x);
    unary({ y }, { x: y }, { fn, alpha, beta, length: x.length });
    return [...y];
  };

  it("keeps NaN, except where a comparison is asked for", () => {
    const functions = ["affine", "pow", "clamp", "exp", "expm1", "log", "log1p", "tanh", "sigmoid", "relu", "abs"];
    for (const fn of [...functions, "sign", "normalCdf", "geluErf", "geluTanh"] as UnaryFunction[]) {
      expect(apply(fn, [nan], 2, 3)).toEqual([nan]);
    }
    expect(apply("step", [nan, -1, 0, 1])).toEqual([0, 0, 0, 1]);
  });

  it("computes what its name says", () => {
    expect(apply("affine", [1, 2], 3, -1)).toEqual([2, 5]);
    expect(apply("pow", [9, 2], 0.5)).toEqual([3, Math.SQRT2]);
    expect(apply("clamp", [-9, 0.5, 9], -1, 1)).toEqual([-1, 0.5, 1]);
    expect(apply("relu", [-Infinity, -1, 2])).toEqual([0, 0, 2]);
    expect(apply("sign", [-3, 0, 2])).toEqual([-1, 0, 1]);
    expect(apply("sigmoid", [-Infinity, 0, Infinity])).toEqual([0, 0.5, 1]);
    // The formulas in mpmath: Φ(1) and 1/(1 + e^(−2·√(2/π)·1.044715))
    expect(apply("geluErf", [1])[0]).toBeCloseTo(0.8413447460685429, 15);
    expect(apply("geluTanh", [1])[0]).toBeCloseTo(0.8411919906082768, 15);
  });
});

describe("binary", () => {
  const apply = (fn: BinaryFunction, a: number[], b: number[]) => {
    const y = Float64Array.from(a);
    const strides = [0, 0, 1] as const;
    const sizes = { outer: 1, axis: 1, inner: a.length, aStrides: strides, bStrides: strides };
    binary({ y }, { a: y, b: Float64Array.from(b) }, { fn, alpha: 2, beta: -1, ...sizes });
    return [...y];
  };

  it("computes what its name says, with NaN lost in comparisons alone", () => {
    const [a, b] = [
      [1, 3, nan, 2],
      [2, 3, 1, nan],
    ];
    expect(apply("add", a, b)).toEqual([0, 3, nan, nan]);
    expect(apply("mul", a, b)).toEqual([2, 9, nan, nan]);
    expect(apply("div", a, b)).toEqual([0.5, 1, nan, nan]);
    expect(apply("pow", a, b)).toEqual([1, 27, nan, nan]);
    expect(apply("min", a, b)).toEqual([1, 3, nan, nan]);
    expect(apply("max", a, b)).toEqual([2, 3, nan, nan]);
    expect(apply("equal", a, b)).toEqual([0, 1, 0, 0]);
    expect(apply("less", a, b)).toEqual([1, 0, 0, 0]);
    expect(apply("lessEqual", a, b)).toEqual([1, 1, 0, 0]);
  });

  it("broadcasts each operand by its strides", () => {
    const y = new Float32Array(8);
    const operands = { a: Float32Array.of(1, 2, 3, 4), b: Float32Array.of(10, 20) };
    const sizes = { outer: 2, axis: 2, inner: 2, aStrides: [2, 0, 1], bStrides: [0, 1, 0] } as const;
    binary({ y }, operands, { fn: "add", alpha: 1, beta: 1, ...sizes });
    expect([...y]).toEqual([11, 12, 21, 22, 13, 14, 23, 24]);
  });
});

describe("select", () => {
  it("never lets the operand that is not taken through", () => {
    const condition = Float32Array.of(0, 1, -2);
    const operands = { condition, a: Float32Array.of(nan, 1, 2), b: Float32Array.of(3, nan, nan) };
    select({ y: condition }, operands, { length: 3 });
    expect([...condition]).toEqual([3, 1, 2]);
  });
});
