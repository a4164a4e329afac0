import { OptionError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { scaled } from "../recording.ts";
import type { Tensor } from "../tensor.ts";
import { add, affine, exp, mul, square } from "./arithmetic.ts";
import { unary } from "./elementwise.ts";

/** max(x, 0). ∂x = g·[x > 0]; 0 at 0. */
export function relu(x: Tensor): Tensor {
  return unary("relu", "relu", x, (g, _, y) => [() => mul(g, unary("relu", "step", y))]);
}

/** Hyperbolic tangent. ∂x = (1 − y²)·g, as 4·σ(2x)·σ(−2x)·g, which does not cancel. */
export function tanh(x: Tensor): Tensor {
  return unary("tanh", "tanh", x, (g, [input]) => [
    () => scaled(mul(g, mul(sigmoid(affine(input!, 2, 0)), sigmoid(affine(input!, -2, 0)))), 4),
  ]);
}

/** 1/(1 + e^−x). ∂x = y·(1 − y)·g. */
export function sigmoid(x: Tensor): Tensor {
  return unary("sigmoid", "sigmoid", x, (g, [input]) => [
    () => mul(g, mul(sigmoid(input!), sigmoid(affine(input!, -1, 0)))),
  ]);
}

/** The standard normal distribution function Φ(x) = erfc(−x/√2)/2. ∂x = e^(−x²/2)/√(2π)·g. */
export function normalCdf(x: Tensor): Tensor {
  return unary("normalCdf", "normalCdf", x, (g, [input]) => [
    () => scaled(mul(g, bell(input!)), 1 / Math.sqrt(2 * Math.PI)),
  ]);
}

/** e^(−x²/2) */
function bell(x: Tensor): Tensor {
  return exp(affine(square(x), -0.5, 0));
}

export interface GeluOptions {
  /** `"none"` (default) for x·Φ(x), `"tanh"` for its approximation; PyTorch's names. */
  readonly approximate?: "none" | "tanh";
}

/**
 * Gaussian error linear unit: x·Φ(x), or with `approximate: "tanh"`
 * ½x(1 + tanh u) = x·sigmoid(2u), u = √(2/π)·(x + 0.044715·x³) (Hendrycks & Gimpel 2016).
 *
 * ∂x = (Φ(x) + x·φ(x))·g; for the approximation (s + 2x·s·(1 − s)·u′)·g with s = sigmoid(2u).
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkKeys("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  if (approximate === "none") return unary("gelu", "geluErf", x, (g, [input]) => [() => mul(g, exactSlope(input!))]);
  if (approximate === "tanh") return unary("gelu", "geluTanh", x, (g, [input]) => [() => mul(g, tanhSlope(input!))]);
  throw new OptionError(`gelu: approximate is "none" or "tanh", not ${JSON.stringify(approximate)}`);
}

function exactSlope(x: Tensor): Tensor {
  return add(normalCdf(x), affine(mul(x, bell(x)), 1 / Math.sqrt(2 * Math.PI), 0));
}

function tanhSlope(x: Tensor): Tensor {
  const c = Math.sqrt(2 / Math.PI);
  const x2 = square(x);
  const u2 = mul(x, affine(x2, 2 * c * 0.044715, 2 * c));
  const slope = affine(x2, 6 * c * 0.044715, 2 * c);
  return add(sigmoid(u2), mul(mul(x, slope), mul(sigmoid(u2), sigmoid(affine(u2, -1, 0)))));
}
