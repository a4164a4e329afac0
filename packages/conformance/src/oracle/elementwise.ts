import type { BinaryFunction, BinaryParams, UnaryFunction, UnaryParams } from "@surprisal/core";
import type { Expected } from "../comparison.ts";
import { normalCdf, normalDensity } from "./normal-distribution.ts";

/** f(x; α, β) and |x·f′(x)|, what one rounding of the argument costs. */
type Point = (x: number, alpha: number, beta: number) => readonly [value: number, conditioned: number];

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

const points: Record<UnaryFunction, Point> = {
  affine: (x, alpha, beta) => [alpha * x + beta, Math.max(Math.abs(alpha * x), Math.abs(beta))],
  pow: (x, alpha) => [x ** alpha, Math.abs(alpha * x ** alpha * Math.max(1, Math.abs(Math.log(Math.abs(x)))))],
  clamp: (x, alpha, beta) => [Number.isNaN(x) ? x : Math.min(Math.max(x, alpha), beta), 0],
  exp: (x) => [Math.exp(x), Math.abs(x) * Math.exp(x)],
  expm1: (x) => [Math.expm1(x), Math.abs(x) * Math.exp(x)],
  log: (x) => [Math.log(x), 1],
  log1p: (x) => [Math.log1p(x), Math.abs(x / (1 + x))],
  tanh: (x) => [Math.tanh(x), Math.abs(x) * (1 - Math.tanh(x) ** 2)],
  sigmoid: (x) => [sigmoid(x), Math.abs(x) * sigmoid(x) * sigmoid(-x)],
  relu: (x) => [x > 0 || Number.isNaN(x) ? x : 0, 0],
  step: (x) => [x > 0 ? 1 : 0, 0],
  abs: (x) => [Math.abs(x), 0],
  sign: (x) => [Number.isNaN(x) ? x : Math.sign(x), 0],
  normalCdf: (x) => [normalCdf(x), Math.abs(x) * normalDensity(x)],
  geluErf: (x) => [x * normalCdf(x), x * x * normalDensity(x)],
  geluTanh(x) {
    const argument = 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
    const slope = 2 * Math.sqrt(2 / Math.PI) * (x + 3 * 0.044715 * x ** 3);
    return [x * sigmoid(argument), Math.abs(x * slope) * sigmoid(argument) * sigmoid(-argument)];
  },
};

/** What `unary` gives. */
export function unary(x: ArrayLike<number>, params: UnaryParams): Required<Expected> {
  const values = new Float64Array(params.length);
  const terms = new Float64Array(params.length);
  for (let i = 0; i < params.length; i++) {
    const [value, conditioned] = points[params.fn](x[i]!, params.alpha, params.beta);
    values[i] = value;
    terms[i] = Math.abs(value) + (Number.isFinite(conditioned) ? conditioned : 0);
  }
  return { values, terms, scale: terms };
}

const either = (a: number, b: number): boolean => Number.isNaN(a) || Number.isNaN(b);

const pairs: Record<BinaryFunction, (a: number, b: number, alpha: number, beta: number) => number> = {
  add: (a, b, alpha, beta) => alpha * a + beta * b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  min: (a, b) => (either(a, b) ? Number.NaN : Math.min(a, b)),
  max: (a, b) => (either(a, b) ? Number.NaN : Math.max(a, b)),
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
};

/** What `binary` gives. */
export function binary(a: ArrayLike<number>, b: ArrayLike<number>, params: BinaryParams): Required<Expected> {
  const { fn, alpha, beta, outer, axis, inner, aStrides, bStrides } = params;
  const values = new Float64Array(outer * axis * inner);
  const terms = new Float64Array(outer * axis * inner);
  let d = 0;
  for (let o = 0; o < outer; o++) {
    for (let x = 0; x < axis; x++) {
      for (let i = 0; i < inner; i++, d++) {
        const left = a[o * aStrides[0] + x * aStrides[1] + i * aStrides[2]]!;
        const right = b[o * bStrides[0] + x * bStrides[1] + i * bStrides[2]]!;
        const value = pairs[fn](left, right, alpha, beta);
        values[d] = value;
        terms[d] = Math.abs(value);
        if (fn === "add") terms[d] = Math.max(Math.abs(alpha * left), Math.abs(beta * right));
        if (fn === "pow") terms[d] = Math.abs(value) * (1 + Math.abs(right) * (1 + Math.abs(Math.log(Math.abs(left)))));
      }
    }
  }
  return { values, terms, scale: terms };
}

/** What `select` gives. */
export function select(condition: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from(condition, (c, i) => (c !== 0 ? a[i]! : b[i]!));
}
