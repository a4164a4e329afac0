import { ShapeError } from "../errors.ts";
import { record, recordingsOf } from "../recording.ts";
import { checkedShape, type Shape, sameShape, show, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, runtimeOf } from "./apply.ts";

/**
 * The same numbers in another shape: y_flat = x_flat. Costs nothing: the result shares the numbers of `x` (a copy of
 * them for a parameter, which will change).
 * One axis may be −1: it becomes what the others leave (`tf.reshape`, `torch.reshape`).
 *
 * ∂x = reshape(g, shape of x).
 * @throws ShapeError if the sizes differ
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  runtimeOf("reshape", [x]);
  const to = resolved(x, shape);
  if (x.storage.mutable && recordingsOf([x]).length === 0) return copyOf(x, to);
  const y = x.alias("reshape", x.region, to);
  y.uniform = x.uniform;
  return record([x], y, (g) => [() => reshape(g, x.shape)]);
}

/** A parameter's numbers as they are now: a view would go stale with its next step. */
function copyOf(x: Tensor, shape: Shape): Tensor {
  const params = { fn: "affine", alpha: 1, beta: 0, length: x.size } as const;
  return apply({
    op: "reshape",
    inputs: [x],
    shape,
    run: (y, [h], kernels) => kernels.unary({ y }, { x: h }, params),
  });
}

function resolved(x: Tensor, shape: Shape): Shape {
  if (Array.isArray(shape) && sameShape(x.shape, shape)) return x.shape;
  const free = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  const known = checkedShape("reshape", free < 0 ? shape : shape.with(free, 1));
  const rest = sizeOf(known);
  const to = free < 0 ? known : known.with(free, rest === 0 ? 0 : x.size / rest);
  if (sizeOf(to) !== x.size || (free >= 0 && !Number.isInteger(to[free]))) {
    throw new ShapeError(`reshape: ${show(x.shape)} has ${x.size} elements and does not fit ${show(shape)}`);
  }
  return to;
}
