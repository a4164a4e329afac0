import type { BinaryFunction, UnaryFunction } from "@surprisal/core";
import { normalCdf } from "./normal-cdf.ts";
import type { Kernel } from "./numbers.ts";

export const fill: Kernel<"fill"> = ({ y }, _, { value }) => {
  y.fill(value);
};

export const select: Kernel<"select"> = ({ y }, { condition, a, b }, { length }) => {
  for (let i = 0; i < length; i++) y[i] = condition[i] !== 0 ? a[i]! : b[i]!;
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const unaryFunctions: Record<UnaryFunction, (x: number, alpha: number, beta: number) => number> = {
  affine: (x, alpha, beta) => alpha * x + beta,
  pow: (x, alpha) => x ** alpha,
  clamp: (x, alpha, beta) => Math.min(Math.max(x, alpha), beta),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid,
  relu: (x) => Math.max(x, 0),
  step: (x) => (x > 0 ? 1 : 0),
  abs: Math.abs,
  sign: Math.sign,
  normalCdf,
  geluErf: (x) => x * normalCdf(x),
  geluTanh: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
};

export const unary: Kernel<"unary"> = ({ y }, { x }, { fn, alpha, beta, length }) => {
  const f = unaryFunctions[fn];
  for (let i = 0; i < length; i++) y[i] = f(x[i]!, alpha, beta);
};

const binaryFunctions: Record<BinaryFunction, (a: number, b: number, alpha: number, beta: number) => number> = {
  add: (a, b, alpha, beta) => alpha * a + beta * b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  equal: (a, b) => (a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
};

export const binary: Kernel<"binary"> = ({ y }, { a, b }, params) => {
  const { fn, alpha, beta, outer, axis, inner, aStrides, bStrides } = params;
  const f = binaryFunctions[fn];
  const place = (strides: typeof aStrides, o: number, x: number, i: number): number =>
    o * strides[0] + x * strides[1] + i * strides[2];
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let x = 0; x < axis; x++) {
      for (let i = 0; i < inner; i++) {
        y[to++] = f(a[place(aStrides, o, x, i)]!, b[place(bStrides, o, x, i)]!, alpha, beta);
      }
    }
  }
};
