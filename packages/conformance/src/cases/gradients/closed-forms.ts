import type { Tensor } from "@surprisal/core";
import {
  add,
  concat,
  div,
  exp,
  gather,
  gelu,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  reshape,
  sigmoid,
  slice,
  softmax,
  square,
  sum,
  tanh,
  transpose,
} from "@surprisal/core/ops";
import type { Case } from "../../case.ts";
import { normalCdf, normalDensity } from "../../oracle/normal-distribution.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";

const { quick } = caseGroup("gradients/closed-form");

/** A function of a vector whose gradient is known: values, and the size of what goes into each. */
interface ClosedForm {
  readonly at: readonly number[];
  readonly f: (x: Tensor) => Tensor;
  readonly gradient: (x: ArrayLike<number>) => readonly number[];
  /** |gradient| if absent. */
  readonly terms?: (x: ArrayLike<number>) => readonly number[];
}

const list = (x: ArrayLike<number>): number[] => Array.from(x);
const total = (x: ArrayLike<number>): number => list(x).reduce((a, b) => a + b, 0);
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const tanhArgument = (x: number): number => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const tanhSlope = (x: number): number => 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
const points = [-1.75, -0.5, 0.25, 1.5, 2.75, -3];

/** Derivatives from the book; on a backend of any precision. */
const forms: Readonly<Record<string, ClosedForm>> = {
  "square-is-2x": { at: points, f: (x) => sum(square(x)), gradient: (x) => list(x).map((v) => 2 * v) },
  "cube-is-3-x-squared": {
    at: points,
    f: (x) => sum(mul(x, mul(x, x))),
    gradient: (x) => list(x).map((v) => 3 * v * v),
  },
  "exp-is-itself": {
    at: points,
    f: (x) => sum(exp(x)),
    gradient: (x) => list(x).map(Math.exp),
    terms: (x) => list(x).map((v) => Math.exp(v) * (1 + Math.abs(v))),
  },
  "tanh-is-1-minus-its-square": {
    at: points,
    f: (x) => sum(tanh(x)),
    gradient: (x) => list(x).map((v) => 1 - Math.tanh(v) ** 2),
    terms: () => points.map(() => 1),
  },
  "sigmoid-is-s-times-1-minus-s": {
    at: points,
    f: (x) => sum(sigmoid(x)),
    gradient: (x) => list(x).map((v) => logistic(v) * logistic(-v)),
  },
  "gelu-is-cdf-plus-x-times-density": {
    at: points,
    f: (x) => sum(gelu(x)),
    gradient: (x) => list(x).map((v) => normalCdf(v) + v * normalDensity(v)),
    terms: (x) => list(x).map((v) => normalCdf(v) + Math.abs(v) * (1 + v * v) * normalDensity(v)),
  },
  "gelu-by-tanh-is-its-own-derivative": {
    at: points,
    f: (x) => sum(gelu(x, { approximate: "tanh" })),
    // s + x·s·(1 − s)·w′ with s = sigmoid(w), w = 2√(2/π)·(x + 0.044715·x³)
    gradient: (x) =>
      list(x).map((v) => {
        const s = logistic(tanhArgument(v));
        return s + v * s * (1 - s) * tanhSlope(v);
      }),
    terms: (x) =>
      list(x).map((v) => {
        const s = logistic(tanhArgument(v));
        return s * (1 + Math.abs(tanhArgument(v))) * (1 + Math.abs(v * tanhSlope(v)));
      }),
  },
  "quotient-of-sums": {
    at: [1, 2, 3, 4, 5, 6],
    // Σx²/Σx: (2·x_i − y)/Σx
    f: (x) => div(sum(square(x)), sum(x)),
    gradient: (x) => list(x).map((v) => (2 * v - 91 / 21) / 21),
    terms: () => points.map(() => 1),
  },
  "mean-is-one-nth": { at: points, f: (x) => mean(x), gradient: () => points.map(() => 1 / 6) },
  "max-is-shared-by-equals": {
    at: [1, 3, 3, 0, 2, 3],
    f: (x) => max(x),
    gradient: () => [0, 1, 1, 0, 0, 1].map((v) => v / 3),
  },
  "maximum-of-equals-is-shared": {
    at: [1, 3, -2, 0, 2, 3],
    f: (x) => sum(maximum(x, 2)),
    gradient: () => [0, 1, 0, 0, 0.5, 1],
  },
  "minimum-of-equals-is-shared": {
    at: [1, 3, -2, 0, 2, 3],
    f: (x) => sum(minimum(x, 2)),
    gradient: () => [1, 0, 1, 1, 0.5, 0],
  },
  "log-sum-exp-is-softmax": {
    at: points,
    f: (x) => logSumExp(x),
    gradient: (x) => {
      const powers = list(x).map((v) => Math.exp(v - 2.75));
      return powers.map((power) => power / total(powers));
    },
    terms: (x) => list(x).map((v) => Math.exp(v - 2.75) * (1 + Math.abs(v - 2.75))),
  },
  "softmax-sums-to-one-so-its-sum-is-flat": {
    at: points,
    f: (x) => sum(softmax(x)),
    gradient: () => points.map(() => 0),
    terms: () => points.map(() => 1),
  },
  "quadratic-form-is-a-plus-its-transpose": {
    at: [1, -2, 3, 0.5, 2, -1],
    // Σ (X·Xᵀ) for X [2, 3]: twice the column sums, in every row
    f: (x) => {
      const matrix = reshape(x, [2, 3]);
      return sum(matmul(matrix, transpose(matrix)));
    },
    gradient: (x) => [0, 1, 2, 0, 1, 2].map((j) => 2 * (x[j]! + x[j + 3]!)),
    terms: (x) => [0, 1, 2, 0, 1, 2].map((j) => 2 * (Math.abs(x[j]!) + Math.abs(x[j + 3]!))),
  },
  "rows-count-as-often-as-gathered": {
    at: points,
    f: (x) => sum(gather(x, [5, 0, 5, 5, 2])),
    gradient: () => [1, 0, 1, 0, 0, 3],
  },
  "pieces-put-together-again": {
    at: points,
    f: (x) => sum(square(concat([slice(x, [3], [3]), slice(x, [0], [3])]))),
    gradient: (x) => list(x).map((v) => 2 * v),
  },
  "broadcast-is-summed-back": {
    at: points,
    // Σ_ij (a_i + b_j)² for a = x[0..1], b = x[2..5]
    f: (x) => sum(square(add(reshape(slice(x, [0], [2]), [2, 1]), slice(x, [2], [4])))),
    gradient: (x) => {
      const [a, b] = [list(x).slice(0, 2), list(x).slice(2)];
      return [...a.map((v) => 2 * (4 * v + total(b))), ...b.map((v) => 2 * (2 * v + total(a)))];
    },
    terms: (x) => points.map(() => 8 * total(list(x).map(Math.abs))),
  },
};

/** Gradients against closed forms, first order on every backend; second order where H·1 is as plain. */
export const closedFormCases: readonly Case[] = [
  ...Object.entries(forms).map(([name, { at, f, gradient, terms }]) =>
    quick(name, (t) =>
      inScope(t, async (scope) => {
        const x = t.numbers(at);
        const values = gradient(x);
        const size = terms?.(x) ?? values.map(Math.abs);
        const expected = { values, terms: size, scale: size };
        t.check(await t.read(scope.grad(f, scope.tensor(x))), expected, t.judge("derived"), "gradient");
      }),
    ),
  ),
  quick("the-fourth-power-twice-is-12-x-squared", (t) =>
    inScope(t, async (scope) => {
      const x = t.numbers(points);
      const { products } = scope.hvp((y) => sum(square(square(y))), scope.tensor(x), scope.tensor(points.map(() => 1)));
      const values = points.map((v) => 12 * v * v);
      t.check(await t.read(products), { values, terms: values, scale: values }, t.judge("derived"), "12·x²");
    }),
  ),
];
