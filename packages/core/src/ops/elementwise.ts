import type { BinaryFunction, Strides3, UnaryFunction } from "../backend.ts";
import { ValueError } from "../errors.ts";
import type { Pullback } from "../recording.ts";
import { broadcastShape, broadcastStrides, type Shape, sameShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, filled, runtimeOf, withTemporaries } from "./apply.ts";
import { readingAll, rearranged } from "./rearranged.ts";

/** What an elementwise op takes: a tensor, or a host number that stands for a tensor of it. */
export type Operand = Tensor | number;

/** y = fn(x; α, β), elementwise, by the `unary` kernel. */
export function unary(op: string, fn: UnaryFunction, x: Tensor, pullback?: Pullback, alpha = 0, beta = 0): Tensor {
  runtimeOf(op, [x]);
  const params = { fn, alpha, beta, length: x.size };
  return apply({
    op,
    inputs: [x],
    shape: x.shape,
    run: (y, [h], kernels) => kernels.unary({ y }, { x: h }, params),
    pullback,
  });
}

/** y = fn(a, b) by the `binary` kernel, broadcast by NumPy's rule. */
export function binary(
  op: string,
  fn: BinaryFunction,
  a: Tensor,
  b: Tensor,
  pullback?: Pullback,
  alpha = 1,
  beta = 1,
): Tensor {
  runtimeOf(op, [a, b]);
  const isFlat = sameShape(a.shape, b.shape);
  const shape = isFlat ? a.shape : broadcastShape(op, a.shape, b.shape);
  const plan = isFlat ? flatPlan(a.size) : broadcastPlan(a.shape, b.shape, shape);
  const params = { fn, alpha, beta, ...(plan ?? flatPlan(sizeOf(shape))) };
  const call = (x: unknown, y: unknown): Tensor =>
    apply({
      op,
      inputs: [a, b],
      shape,
      run: (out, _, kernels) => kernels.binary({ y: out }, { a: x, b: y }, params),
      pullback,
    });
  if (plan !== undefined) return call(a.handle(op), b.handle(op));
  return withTemporaries((temporary) => {
    const operand = (x: Tensor): unknown => temporary(stretched(op, x, shape)).handle(op);
    return call(operand(a), operand(b));
  });
}

/** A copy of `x` broadcast to `shape`, unrecorded. */
export function stretched(op: string, x: Tensor, shape: Shape): Tensor {
  return rearranged(op, x, shape, readingAll(shape, broadcastStrides(x.shape, shape)));
}

/**
 * Runs an op on two operands of which one may be a host number: it becomes a scalar beside the other, freed again
 * unless a recording saved it.
 */
export function withOperands(op: string, a: Operand, b: Operand, run: (a: Tensor, b: Tensor) => Tensor): Tensor {
  if (typeof a !== "number" && typeof b !== "number") return run(a, b);
  if (typeof a === "number" && typeof b === "number") {
    throw new ValueError(`${op}: one operand must be a tensor, and both are numbers (${a}, ${b})`);
  }
  return withTemporaries((temporary) =>
    run(
      typeof a === "number" ? temporary(scalarBeside(op, b as Tensor, a)) : a,
      typeof b === "number" ? temporary(scalarBeside(op, a as Tensor, b)) : b,
    ),
  );
}

function scalarBeside(op: string, x: Tensor, value: number): Tensor {
  runtimeOf(op, [x]);
  return filled(op, x.region, [], value);
}

interface BroadcastPlan {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
  readonly aStrides: Strides3;
  readonly bStrides: Strides3;
}

/** The strides of two operands over outer × axis × inner, or nothing where three axes do not suffice. */
function broadcastPlan(a: Shape, b: Shape, shape: Shape): BroadcastPlan | undefined {
  const aStrides = broadcastStrides(a, shape);
  const bStrides = broadcastStrides(b, shape);
  const runs: { length: number; a: number; b: number }[] = [];
  for (let i = shape.length - 1; i >= 0; i--) {
    const run = { length: shape[i]!, a: aStrides[i]!, b: bStrides[i]! };
    if (run.length === 1) continue;
    const inner = runs[0];
    if (inner !== undefined && run.a === inner.a * inner.length && run.b === inner.b * inner.length)
      inner.length *= run.length;
    else runs.unshift(run);
  }
  if (runs.length > 3) return undefined;
  while (runs.length < 3) runs.unshift({ length: 1, a: 0, b: 0 });
  const [outer, axis, inner] = runs as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
  return {
    outer: outer.length,
    axis: axis.length,
    inner: inner.length,
    aStrides: [outer.a, axis.a, inner.a],
    bStrides: [outer.b, axis.b, inner.b],
  };
}

const along: Strides3 = [0, 0, 1];

function flatPlan(length: number): BroadcastPlan {
  return { outer: 1, axis: 1, inner: length, aStrides: along, bStrides: along };
}
