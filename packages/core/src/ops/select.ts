import { record } from "../recording.ts";
import { broadcastShape, sameShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, filled, runtimeOf, withTemporaries } from "./apply.ts";
import { type Operand, stretched, withOperands } from "./elementwise.ts";
import { sumTo } from "./sum.ts";

/**
 * y = condition ≠ 0 ? a : b, elementwise with broadcasting. The side that is not taken may be NaN or infinite and
 * harms neither the value nor the gradient (`tf.where`, `torch.where`).
 *
 * ∂a = g where taken, ∂b = g where not, 0 elsewhere. The condition has no gradient.
 */
export function select(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (typeof a === "number" && typeof b === "number") {
    runtimeOf("select", [condition]);
    return withTemporaries((temporary) => select(condition, temporary(filled("select", condition.region, [], a)), b));
  }
  return withOperands("select", a, b, (x, y) => selected(condition, x, y));
}

function selected(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  runtimeOf("select", [condition, a, b]);
  const shape = broadcastShape("select", condition.shape, broadcastShape("select", a.shape, b.shape));
  const operands = [condition, a, b];
  const y = withTemporaries((temporary) =>
    apply({
      op: "select",
      inputs: operands.map((x) => (sameShape(x.shape, shape) ? x : temporary(stretched("select", x, shape)))),
      shape,
      run: (out, [c, p, q], kernels) =>
        kernels.select({ y: out }, { condition: c, a: p, b: q }, { length: sizeOf(shape) }),
    }),
  );
  return record(operands, y, (g, [mask, x, z]) => [
    undefined,
    () => sumTo(select(mask!, g, 0), x!.shape),
    () => sumTo(select(mask!, 0, g), z!.shape),
  ]);
}
