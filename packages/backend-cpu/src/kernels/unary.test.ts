import { compare, float32, type Quantity, randomNumbers, tolerance } from "@surprisal/conformance";
import type { UnaryFunction, UnaryParams } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants, lab } from "../../testing/kernel-lab.ts";
import { unary as plainUnary } from "../plain/elementwise.ts";
import { unary } from "./unary.ts";

/** SURPRISAL_PATTERNS=2000000 tries so many bit patterns of every function. */
const patterns = Number(process.env.SURPRISAL_PATTERNS ?? 30_000);

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Each function, how it is judged, and |x·f′(x)|: what one rounding of the argument costs. */
const functions: readonly {
  readonly fn: UnaryFunction;
  readonly quantity: Quantity;
  readonly alpha?: number;
  readonly beta?: number;
  readonly conditioned?: (x: number, value: number) => number;
}[] = [
  { fn: "exp", quantity: "elementary" },
  { fn: "expm1", quantity: "elementary" },
  { fn: "log", quantity: "elementary" },
  { fn: "log1p", quantity: "elementary" },
  { fn: "tanh", quantity: "elementary" },
  { fn: "sigmoid", quantity: "elementary" },
  { fn: "normalCdf", quantity: "composed", conditioned: (x) => Math.abs(x) * density(x) },
  { fn: "geluErf", quantity: "composed", conditioned: (x) => x * x * density(x) },
  // u = 1.6·(x + 0.045·x³), x·σ(u): x²·u′·σ(u)·σ(−u), and x·u′ ≤ 3·|u|.
  {
    fn: "geluTanh",
    quantity: "composed",
    conditioned: (x, value) => (4.8 * Math.abs(value * (x + 0.044715 * x ** 3))) / (1 + Math.exp(1.6 * x)),
  },
  ...[0, 1, 2, 3, -1, -3, 0.5, -0.5, 2.7, 1 / 3, 40.3].map((alpha) => ({
    fn: "pow" as const,
    quantity: "composed" as const,
    alpha,
    conditioned: (x: number, value: number) => Math.abs(alpha * value * Math.log(Math.abs(x))),
  })),
  {
    fn: "affine",
    quantity: "arithmetic",
    alpha: -2.5,
    beta: 0.75,
    conditioned: (x) => Math.max(2.5 * Math.abs(x), 0.75),
  },
  { fn: "clamp", quantity: "exact", alpha: -0.75, beta: 1.5 },
  ...(["relu", "step", "abs", "sign"] as const).map((fn) => ({ fn, quantity: "exact" as const })),
];

const special = [
  ...[Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 2, -2, 0.5, -0.5, 1e-45, -1e-45, 2 ** -126, -(2 ** -126)],
  ...[3.4028234663852886e38, -3.4028234663852886e38, 88.72283, 88.72284, -87.33654, -87.4, -103.97, -104, 9.01, -9.01],
  ...[1 + 2 ** -23, 1 - 2 ** -24, -1 + 2 ** -24, -1 - 2 ** -23, 16_777_217, -13.2, -14.7, -15, 2.5, -2.5, -10.06],
];

/** Every exponent and sign evenly, numbers around 0 and around 1, and the special ones. */
function arguments_(count: number): Float32Array {
  const random = randomNumbers(7);
  const bits = Uint32Array.from({ length: count }, () => random.uniform() * 2 ** 32);
  const x = new Float32Array(bits.buffer);
  for (let i = 0; i < count; i += 2) {
    const width = [1, 4, 20, 180][(i / 2) % 4]!;
    x[i] = (i % 16 === 8 ? 1 : 0) + (random.uniform() - 0.5) * width;
  }
  x.set(special);
  return x;
}

describeVariants("unary", (variant) => {
  it("is right to its class for every exponent", async () => {
    const wasm = await lab(variant);
    const numbers = arguments_(patterns);
    const x = wasm.floats(numbers);
    const y = wasm.room(patterns);
    const values = new Float64Array(patterns);
    for (const { fn, quantity, alpha = 0, beta = 0, conditioned = () => 0 } of functions) {
      const params: UnaryParams = { fn, alpha, beta, length: patterns };
      wasm.run(unary, { y }, { x }, params);
      plainUnary({ y: values }, { x: numbers }, params);
      const terms = values.map((value, i) => {
        const more = conditioned(numbers[i]!, value);
        return Math.abs(value) + (Number.isFinite(more) ? more : 0);
      });
      const { fault } = compare(
        wasm.read(y),
        { values, terms },
        tolerance("f32", quantity),
        float32,
        `${fn} of α = ${alpha}`,
      );
      const at = Number(fault?.match(/\[(\d+)\]/)?.[1]);
      expect(fault && `${fault} at x = ${numbers[at]}`).toBeUndefined();
    }
  });

  it("gives the same bits in place and in any order of blocks, for any length", async () => {
    const wasm = await lab(variant);
    for (const length of [0, 1, 2, 3, 4, 5, 7, 4095, 4096, 4097, 9001]) {
      const random = randomNumbers(length);
      const values = Float32Array.from({ length }, random.normal);
      for (const { fn, alpha = 0, beta = 0 } of functions) {
        const [x, y] = [wasm.floats(values), wasm.room(length)];
        wasm.run(unary, { y }, { x }, { fn, alpha, beta, length });
        wasm.run(unary, { y: x }, { x }, { fn, alpha, beta, length }, "one by one, reversed");
        expect(wasm.read(x)).toEqual(wasm.read(y));
      }
    }
  });

  it("keeps the exponent of a power in float64", async () => {
    const wasm = await lab(variant);
    const x = wasm.floats([-2, 2 ** 100]);
    // A float32 would make 3 of it, and of a negative number's power a number.
    wasm.run(unary, { y: x }, { x }, { fn: "pow", alpha: 3 - 2 ** -30, beta: 0, length: 2 });
    expect([...wasm.read(x)]).toEqual([Number.NaN, Infinity]);
  });
});
