/** Comparisons: 1 where they hold, 0 where not (and where either side is NaN). Their derivative is 0. */
import type { Tensor } from "../tensor.ts";
import { binary, type Operand, withOperands } from "./elementwise.ts";

/** a = b. */
export function equal(a: Operand, b: Operand): Tensor {
  return withOperands("equal", a, b, (x, y) => binary("equal", "equal", x, y));
}

/** a < b. */
export function less(a: Operand, b: Operand): Tensor {
  return withOperands("less", a, b, (x, y) => binary("less", "less", x, y));
}

/** a ≤ b. */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return withOperands("lessEqual", a, b, (x, y) => binary("lessEqual", "lessEqual", x, y));
}

/** a > b. */
export function greater(a: Operand, b: Operand): Tensor {
  return withOperands("greater", a, b, (x, y) => binary("greater", "less", y, x));
}

/** a ≥ b. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return withOperands("greaterEqual", a, b, (x, y) => binary("greaterEqual", "lessEqual", y, x));
}
