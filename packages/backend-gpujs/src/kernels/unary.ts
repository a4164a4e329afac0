import type { RequiredKernels, UnaryFunction } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { exp, expm1, expNegative, log1p, normalCdf, pow, tanh } from "./functions.ts";
import { here, kernel } from "./source.ts";

/** The body for a value `v`; α and β are arguments, so that one kernel serves them all, at any length. */
const bodies: Record<UnaryFunction, string> = {
  affine: "return alpha * v + beta;",
  pow: `${pow("y", "v", "alpha")} return y;`,
  clamp: "let y = v; if (v < alpha) y = alpha; if (v > beta) y = beta; return y;",
  exp: `${exp("y", "v")} return y;`,
  expm1: `${expm1("y", "v")} return y;`,
  log: "return Math.log(v);",
  log1p: `${log1p("y", "v")} return y;`,
  tanh: `${tanh("y", "v")} return y;`,
  sigmoid: sigmoid("v"),
  relu: "let y = v; if (v < 0) y = 0; return y;",
  step: "let y = 0; if (v > 0) y = 1; return y;",
  abs: "return Math.abs(v);",
  sign: "let y = v; if (v > 0) y = 1; if (v < 0) y = -1; return y;",
  normalCdf: `${normalCdf("cdf", "v")} return cdf;`,
  geluErf: `${normalCdf("cdf", "v")} return v * cdf;`,
  geluTanh: `const a = 1.5957691216 * (v + 0.044715 * v * v * v); ${sigmoid("a", "v * ")}`,
};

/** factor·1/(1 + e^−x), by an e^−|x| that cannot overflow. */
function sigmoid(x: string, factor = ""): string {
  return `${expNegative("e", `-Math.abs(${x})`)} let s = 1; if (${x} < 0) s = e; return ${factor}s / (1 + e);`;
}

const sources = Object.fromEntries(
  Object.entries(bodies).map(([fn, body]) => [
    fn,
    kernel(["x", "alpha", "beta", "infinity", "nan"], `const v = x[${here}]; ${body}`),
  ]),
);

export const unary = (queue: Queue): Pick<RequiredKernels<Cell>, "unary"> => ({
  unary({ y }, { x }, { fn, alpha, beta }) {
    const numbers = [alpha, beta, Number.POSITIVE_INFINITY, Number.NaN];
    queue.call({ outputs: [y], inputs: [x], launches: [{ output: y, source: sources[fn]!, inputs: [x], numbers }] });
  },
});
