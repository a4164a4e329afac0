import type { Kernels } from "../backend.ts";
import { ShapeError } from "../errors.ts";
import { recordingsOf } from "../recording.ts";
import { type Shape, show, sizeOf } from "../shape.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { allocate, apply, runtimeOf, withTemporaries } from "./apply.ts";
import { add } from "./arithmetic.ts";
import { matmul, matrixProduct } from "./matmul.ts";
import { reshape } from "./reshape.ts";
import { sum } from "./sum.ts";

/**
 * A dense layer: y = x · w + b, with x [..., inputs], w [inputs, units] (Keras' layout; PyTorch's is its transpose)
 * and b [units].
 *
 * ∂x = g · wᵀ, ∂w = xᵀ · g, ∂b = Σ_rows g. One kernel where the backend has it.
 * @throws ShapeError if the sizes do not fit
 */
export function linear(x: Tensor, w: Tensor, b?: Tensor): Tensor {
  const inputs = b === undefined ? [x, w] : [x, w, b];
  const { kernels } = runtimeOf("linear", inputs);
  const [size, units] = w.shape;
  if (
    x.rank === 0 ||
    w.rank !== 2 ||
    x.shape.at(-1) !== size ||
    (b !== undefined && (b.rank !== 1 || b.size !== units))
  ) {
    throw new ShapeError(
      `linear: x ${show(x.shape)} · w ${show(w.shape)}${b ? ` + b ${show(b.shape)}` : ""} do not fit; x is [..., inputs], w [inputs, units], b [units]`,
    );
  }
  if (kernels.linear !== undefined) return fused(x, w, b, kernels.linear);
  if (b === undefined) return matmul(x, w);
  return withTemporaries((temporary) => add(temporary(matmul(x, w)), b));
}

function fused(x: Tensor, w: Tensor, b: Tensor | undefined, kernel: NonNullable<Kernels["linear"]>): Tensor {
  const [size, units] = w.shape as [number, number];
  const params = { rows: sizeOf(x.shape, 0, x.rank - 1), inputs: size, units };
  const product = (rows: Tensor): Tensor =>
    apply({
      op: "linear",
      inputs: b === undefined ? [rows, w] : [rows, w, b],
      shape: [params.rows, units],
      run: (out, [xh, wh, bh]) => kernel({ y: out }, { x: xh, w: wh, b: bh }, params),
      pullback: (g, [xs, ws], _, wanted) => linearGradient(g, xs!, ws!, wanted),
    });
  if (x.rank === 2) return product(x);
  return withTemporaries((temporary) =>
    reshape(temporary(product(temporary(reshape(x, [params.rows, size])))), [...x.shape.slice(0, -1), units]),
  );
}

/** The gradients of x, w and b: by one kernel where there is one and nobody differentiates them again. */
function linearGradient(g: Tensor, x: Tensor, w: Tensor, wanted: readonly boolean[]): readonly (() => Tensor)[] {
  const { runtime } = g;
  const kernel = runtime.kernels.linearGradient;
  if (kernel === undefined || recordingsOf([g, x, w]).length > 0) {
    return [() => matrixProduct(g, w, false, true), () => matrixProduct(x, g, true, false), () => sum(g, 0)];
  }
  const [size, units] = w.shape as [number, number];
  const region = youngestRegion([g, x, w]);
  const output = (i: number, shape: Shape): Tensor | undefined =>
    wanted[i] ? allocate("linear", runtime, shape, region) : undefined;
  const [dx, dw, db] = [output(0, x.shape), output(1, w.shape), output(2, [units])];
  // What no wanted gradient reads may have been written since.
  const read = (tensor: Tensor, isRead: boolean): unknown => (isRead ? tensor.handle("linear") : tensor.storage.handle);
  kernel(
    { dx: dx?.storage.handle, dw: dw?.storage.handle, db: db?.storage.handle },
    { x: read(x, dw !== undefined), w: read(w, dx !== undefined), g: g.handle("linear") },
    { rows: x.shape[0]!, inputs: size, units },
  );
  return [() => dx!, () => dw!, () => db!];
}
