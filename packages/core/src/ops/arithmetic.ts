/** Arithmetic with NumPy's broadcasting. Each op states its formula; gradients of a stretched operand are summed back. */
import { type Scaled, scaled } from "../recording.ts";
import type { Tensor } from "../tensor.ts";
import { equal } from "./compare.ts";
import { binary, type Operand, unary, withOperands } from "./elementwise.ts";
import { select } from "./select.ts";
import { sumTo } from "./sum.ts";

/** a + b. ∂a = g, ∂b = g. */
export function add(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, 1, b, "add");
  if (typeof a === "number" && typeof b !== "number") return affine(b, 1, a, "add");
  return withOperands("add", a, b, (x, y) => weightedSum("add", x, 1, y, 1));
}

/** a − b. ∂a = g, ∂b = −g. */
export function sub(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, 1, -b, "sub");
  if (typeof a === "number" && typeof b !== "number") return affine(b, -1, a, "sub");
  return withOperands("sub", a, b, (x, y) => weightedSum("sub", x, 1, y, -1));
}

/** α·a + β·b in one pass. ∂a = α·g, ∂b = β·g. */
export function weightedSum(op: string, a: Tensor, alpha: number, b: Tensor, beta: number): Tensor {
  return binary(
    op,
    "add",
    a,
    b,
    (g, [x, y]) => [() => scaled(sumTo(g, x!.shape), alpha), () => scaled(sumTo(g, y!.shape), beta)],
    alpha,
    beta,
  );
}

/** a · b. ∂a = g·b, ∂b = g·a. */
export function mul(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && typeof a !== "number") return affine(a, b, 0, "mul");
  if (typeof a === "number" && typeof b !== "number") return affine(b, a, 0, "mul");
  return withOperands("mul", a, b, (left, right) =>
    binary("mul", "mul", left, right, (g, [x, y]) => [
      () => sumTo(mul(g, y!), x!.shape),
      () => sumTo(mul(g, x!), y!.shape),
    ]),
  );
}

/** a / b. ∂a = g/b, ∂b = −g·y/b. */
export function div(a: Operand, b: Operand): Tensor {
  return withOperands("div", a, b, (left, right) =>
    binary("div", "div", left, right, (g, [x, d], y) => [
      () => sumTo(div(g, d!), x!.shape),
      () => scaled(sumTo(div(mul(g, y), d!), d!.shape), -1),
    ]),
  );
}

/** −x. ∂x = −g. */
export function neg(x: Tensor): Tensor {
  return affine(x, -1, 0, "neg");
}

/** α·x + β for host numbers. ∂x = α·g, which costs no pass. */
export function affine(x: Tensor, alpha: number, beta: number, op = "affine"): Tensor {
  return unary(op, "affine", x, (g) => [() => scaled(g, alpha)], alpha, beta);
}

/** x^e. ∂x = e·x^(e−1)·g; for a tensor exponent ∂e = y·log(x)·g. Where a factor is 0, so is the derivative (PyTorch). */
export function pow(x: Tensor, exponent: Operand): Tensor {
  if (typeof exponent === "number") {
    return unary("pow", "pow", x, (g, [base]) => [() => powerSlope(g, base!, exponent)], exponent);
  }
  return binary("pow", "pow", x, exponent, (g, [base, e], y) => [
    () => sumTo(mul(g, select(equal(e!, 0), 0, mul(e!, pow(base!, affine(e!, 1, -1))))), base!.shape),
    () => sumTo(mul(g, mul(y, log(select(equal(base!, 0), 1, base!)))), e!.shape),
  ]);
}

function powerSlope(g: Tensor, base: Tensor, exponent: number): Scaled {
  if (exponent === 0 || exponent === 1) return scaled(g, exponent);
  return scaled(mul(g, exponent === 2 ? base : pow(base, exponent - 1)), exponent);
}

/** √x. ∂x = g/(2·√x). */
export function sqrt(x: Tensor): Tensor {
  return unary("sqrt", "pow", x, (g, _, y) => [() => scaled(div(g, y), 0.5)], 0.5);
}

/** x². ∂x = 2·x·g. */
export function square(x: Tensor): Tensor {
  return unary("square", "pow", x, (g, [base]) => [() => scaled(mul(g, base!), 2)], 2);
}

/** e^x. ∂x = y·g. */
export function exp(x: Tensor): Tensor {
  return unary("exp", "exp", x, (g, _, y) => [() => mul(g, y)]);
}

/** e^x − 1, right near 0. ∂x = e^x·g. */
export function expm1(x: Tensor): Tensor {
  return unary("expm1", "expm1", x, (g, [input]) => [() => mul(g, exp(input!))]);
}

/** Natural logarithm. ∂x = g/x. */
export function log(x: Tensor): Tensor {
  return unary("log", "log", x, (g, [input]) => [() => div(g, input!)]);
}

/** log(1 + x), right near 0. ∂x = g/(1 + x). */
export function log1p(x: Tensor): Tensor {
  return unary("log1p", "log1p", x, (g, [input]) => [() => div(g, affine(input!, 1, 1))]);
}

/** |x|. ∂x = sign(x)·g, 0 at 0. */
export function abs(x: Tensor): Tensor {
  return unary("abs", "abs", x, (g, [input]) => [() => mul(g, sign(input!))]);
}

/** −1, 0 or 1. The derivative is 0. */
export function sign(x: Tensor): Tensor {
  return unary("sign", "sign", x);
}
