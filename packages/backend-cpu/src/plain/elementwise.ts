import type { BinaryFunction, HostArray, RequiredKernels, UnaryFunction } from "@surprisal/core";
import { normalCdf, sigmoid } from "./special-functions.ts";

export const unary: RequiredKernels<HostArray>["unary"] = ({ y }, { x }, { fn, alpha, beta, length }) => {
  for (let i = 0; i < length; i++) y[i] = unaryValue(fn, x[i]!, alpha, beta);
};

// A switch that V8 inlines into the loop: a function value chosen once would be called, and boxed, per element.
function unaryValue(fn: UnaryFunction, x: number, alpha: number, beta: number): number {
  switch (fn) {
    case "affine":
      return alpha * x + beta;
    case "relu":
      return Math.max(x, 0);
    case "step":
      return x > 0 ? 1 : 0;
    case "abs":
      return Math.abs(x);
    case "sign":
      return Math.sign(x);
    case "clamp":
      return Math.min(Math.max(x, alpha), beta);
    case "pow":
      return x ** alpha;
    case "exp":
      return Math.exp(x);
    case "expm1":
      return Math.expm1(x);
    case "log":
      return Math.log(x);
    case "log1p":
      return Math.log1p(x);
    case "tanh":
      return Math.tanh(x);
    case "sigmoid":
      return sigmoid(x);
    case "normalCdf":
      return normalCdf(x);
    case "geluErf":
      return x * normalCdf(x);
    case "geluTanh":
      return x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
  }
}

export const binary: RequiredKernels<HostArray>["binary"] = ({ y }, { a, b }, params) => {
  const { fn, alpha, beta, outer, axis, inner } = params;
  const [aOuter, aAxis, aInner] = params.aStrides;
  const [bOuter, bAxis, bInner] = params.bStrides;
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let x = 0; x < axis; x++) {
      const fromA = o * aOuter + x * aAxis;
      const fromB = o * bOuter + x * bAxis;
      for (let i = 0; i < inner; i++) {
        y[to++] = binaryValue(fn, a[fromA + i * aInner]!, b[fromB + i * bInner]!, alpha, beta);
      }
    }
  }
};

function binaryValue(fn: BinaryFunction, a: number, b: number, alpha: number, beta: number): number {
  switch (fn) {
    case "add":
      return alpha * a + beta * b;
    case "mul":
      return a * b;
    case "div":
      return a / b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "equal":
      return a === b ? 1 : 0;
    case "less":
      return a < b ? 1 : 0;
    case "lessEqual":
      return a <= b ? 1 : 0;
    case "pow":
      return a ** b;
  }
}

export const select: RequiredKernels<HostArray>["select"] = ({ y }, { condition, a, b }, { length }) => {
  for (let i = 0; i < length; i++) y[i] = condition[i] !== 0 ? a[i]! : b[i]!;
};

export const fill: RequiredKernels<HostArray>["fill"] = ({ y }, _inputs, { value, length }) => {
  y.fill(value, 0, length);
};
