/**
 * The fused head's row. Its logits are x·W + b, by the backend's own product. Its dX is g·Wᵀ for the gradient g by those
 * logits; W may be large, so one number is compared: dX·v = g·(v·W), for a v whose product with W is taken beside the head.
 */
import type { Backend, Fusions } from "../backend.ts";
import { copiedRow } from "./row-of-loss.ts";

type LinearLoss = Parameters<Fusions["linearCrossEntropy"]>;

/** A read of x·W + b for one row. */
export function linearLogits(
  backend: Backend,
  row: number,
  { x, w, b }: LinearLoss[1],
  params: LinearLoss[2],
): Promise<ArrayLike<number>> {
  const { inputs } = params;
  const left = backend.alloc("float", inputs);
  const copy = { dims: [inputs], strides: [1], offset: row * inputs, from: [0], to: [inputs] };
  backend.kernels.rearrange({ y: left }, { x }, copy);
  return rowProduct(backend, left, { w, b }, params);
}

/** What says whether a row of dX is right. */
export interface InputSlopes {
  /** v, [inputs]. */
  readonly direction: ArrayLike<number>;
  /** v·W, [classes]. */
  readonly product: ArrayLike<number>;
  /** The row of dX. */
  readonly slopes: ArrayLike<number>;
}

/** Enqueues the product of a direction and W; what it gives, called behind the head, reads the row of dX. */
export function inputSlopes(
  backend: Backend,
  row: number,
  { w }: LinearLoss[1],
  params: LinearLoss[2],
): (dx: unknown) => Promise<InputSlopes> {
  const { inputs } = params;
  const direction = Array.from({ length: inputs }, (_, i) => ((Math.imul(i + 1, 0x9e3779b1) >>> 28) - 7.5) / 8);
  const left = backend.alloc("float", inputs);
  backend.write(left, direction);
  const product = rowProduct(backend, left, { w }, params);
  product.catch(() => {});
  return async (dx) => {
    const slopes = copiedRow(backend, dx, inputs, { offset: row * inputs, stride: 1 });
    const read = await Promise.all([product, slopes]);
    return { direction, product: read[0], slopes: read[1] };
  };
}

/** left·W + b, for a `left` of one row, which is freed. */
function rowProduct(
  backend: Backend,
  left: unknown,
  { w, b }: Pick<LinearLoss[1], "w" | "b">,
  { inputs: k, classes: n, transW: transB }: LinearLoss[2],
): Promise<ArrayLike<number>> {
  const { kernels } = backend;
  const product = backend.alloc("float", n);
  if (b === undefined) kernels.fill({ y: product }, {}, { value: 0, length: n });
  else kernels.rearrange({ y: product }, { x: b }, { dims: [n], strides: [1], offset: 0, from: [0], to: [n] });
  const sizes = { m: 1, n, k, batch: 1, transA: false, transB, accumulate: true };
  kernels.gemm({ c: product }, { a: left, b: w }, sizes);
  const read = backend.read(product);
  for (const handle of [left, product]) backend.free(handle);
  return read;
}
