import type { BinaryFunction, BinaryParams, RequiredKernels, UnaryFunction } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { kernel, log1p, split } from "./source.ts";

type Elementwise = Pick<RequiredKernels<Cell>, "unary" | "binary" | "select" | "fill">;

/** The body for a value `v`; α and β are arguments, so that one kernel serves every α and β. */
const unaryBody: Record<UnaryFunction, string> = {
  affine: "return alpha * v + beta;",
  // GLSL and WGSL leave x^α undefined for x < 0; the parity of α gives the sign, and nan comes from the host.
  pow: `
    let power = Math.pow(Math.abs(v), alpha);
    if (alpha === 0) power = 1;
    if (v < 0) {
      const half = alpha / 2;
      if (alpha !== Math.floor(alpha)) { power = nan; } else if (half !== Math.floor(half)) { power = -power; }
    }
    return power;`,
  clamp: "let y = v; if (v < alpha) y = alpha; if (v > beta) y = beta; return y;",
  exp: "return Math.exp(v);",
  expm1: `
    let y = Math.exp(v) - 1;
    if (Math.abs(v) < 0.5) {
      y = v * (1 + v * (0.5 + v * (0.1666666667 + v * (0.0416666667 + v * (0.0083333333 + v * (0.0013888889
        + v * (0.0001984127 + v * 0.0000248016)))))));
    }
    return y;`,
  log: "return Math.log(v);",
  log1p: `${log1p("y", "v")} return y;`,
  tanh: `
    const e = Math.exp(-2 * Math.abs(v));
    let y = (1 - e) / (1 + e);
    if (Math.abs(v) < 0.25) {
      const s = v * v;
      y = Math.abs(v) * (1 + s * (-0.3333333333 + s * (0.1333333333 + s * (-0.0539682540 + s * 0.0218694885))));
    }
    if (v < 0) y = -y;
    return y;`,
  sigmoid: "return 1 / (1 + Math.exp(-v));",
  relu: "let y = v; if (v < 0) y = 0; return y;",
  step: "let y = 0; if (v > 0) y = 1; return y;",
  abs: "return Math.abs(v);",
  sign: "let y = 0; if (v > 0) y = 1; if (v < 0) y = -1; return y;",
  // Φ by the all-positive series of erf where |x| is small, by Lentz's continued fraction of erfc elsewhere.
  normalCdf: `${normalCdf("cdf")} return cdf;`,
  geluErf: `${normalCdf("cdf")} return v * cdf;`,
  geluTanh: "return v / (1 + Math.exp(-1.5957691216 * (v + 0.044715 * v * v * v)));",
};

function normalCdf(name: string): string {
  return `
    const z = Math.abs(v);
    const density = 0.3989422804 * Math.exp(-0.5 * z * z);
    let tail = 0;
    if (z < 2.5) {
      let term = z;
      let series = z;
      for (let n = 1; n < 40; n++) { term = term * z * z / (2 * n + 1); series = series + term; }
      tail = 0.5 - density * series;
    } else {
      let fraction = z;
      for (let n = 0; n < 40; n++) { fraction = z + (40 - n) / fraction; }
      tail = density / fraction;
    }
    let ${name} = tail;
    if (v > 0) ${name} = 1 - tail;`;
}

const binaryBody: Record<BinaryFunction, string> = {
  add: "return alpha * p + beta * q;",
  mul: "return p * q;",
  div: "return p / q;",
  pow: `const v = p; const exponent = q; ${unaryBody.pow.replaceAll("alpha", "exponent")}`,
  min: "let y = p; if (q < p) y = q; return y;",
  max: "let y = p; if (q > p) y = q; return y;",
  equal: "let y = 0; if (p === q) y = 1; return y;",
  less: "let y = 0; if (p < q) y = 1; return y;",
  lessEqual: "let y = 0; if (p <= q) y = 1; return y;",
};

function binarySource({ fn, axis, inner, aStrides, bStrides }: BinaryParams): string {
  const at = (strides: readonly number[]) => `[outer * ${strides[0]} + axis * ${strides[1]} + inner * ${strides[2]}]`;
  return kernel(
    ["a", "b", "alpha", "beta", "nan"],
    `${split("i", axis * inner, "outer", "rest")} ${split("rest", inner, "axis", "inner")}
    const p = a${at(aStrides)}; const q = b${at(bStrides)}; ${binaryBody[fn]}`,
  );
}

export const elementwise = (queue: Queue): Elementwise => ({
  unary({ y }, { x }, { fn, alpha, beta }) {
    const source = kernel(["x", "alpha", "beta", "nan"], `const v = x[i]; ${unaryBody[fn]}`);
    const launches = [{ output: y, source, inputs: [x], numbers: [alpha, beta, Number.NaN] }];
    queue.call({ outputs: [y], inputs: [x], launches });
  },
  binary({ y }, { a, b }, params) {
    const numbers = [params.alpha, params.beta, Number.NaN];
    const launches = [{ output: y, source: binarySource(params), inputs: [a, b], numbers }];
    queue.call({ outputs: [y], inputs: [a, b], launches });
  },
  select({ y }, { condition, a, b }) {
    const source = kernel(["condition", "a", "b"], "let y = b[i]; if (condition[i] !== 0) y = a[i]; return y;");
    queue.call({
      outputs: [y],
      inputs: [condition, a, b],
      launches: [{ output: y, source, inputs: [condition, a, b] }],
    });
  },
  fill({ y }, _inputs, { value }) {
    const source = kernel(["value"], "return value;");
    queue.call({ outputs: [y], inputs: [], launches: [{ output: y, source, inputs: [], numbers: [value] }] });
  },
});
