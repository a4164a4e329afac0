import { ShapeError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { broadcastShape, type Shape, show, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, runtimeOf } from "./apply.ts";
import { reshape } from "./reshape.ts";
import { broadcastTo } from "./sum.ts";

export interface MatmulOptions {
  /** Use aᵀ: `a` is stored [..., k, m]. */
  readonly transposeA?: boolean;
  /** Use bᵀ: `b` is stored [..., n, k]. */
  readonly transposeB?: boolean;
}

/**
 * Matrix product y = a · b of [..., m, k] and [..., k, n]; leading axes broadcast, a vector is a row on the left and a
 * column on the right (NumPy's `matmul`).
 *
 * ∂a = g · bᵀ, ∂b = aᵀ · g.
 * @throws ShapeError if the inner sizes differ
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  runtimeOf("matmul", [a, b]);
  checkKeys("matmul", options, ["transposeA", "transposeB"]);
  const { transposeA = false, transposeB = false } = options;
  if (a.rank === 0 || b.rank === 0)
    throw new ShapeError(`matmul: a scalar has no matrix: ${show(a.shape)} · ${show(b.shape)}; use mul`);
  const steps: Tensor[] = [];
  const step = (next: Tensor, previous: Tensor): Tensor => {
    if (next !== previous) steps.push(next);
    return next;
  };
  let left = a.rank === 1 ? step(reshape(a, transposeA ? [a.size, 1] : [1, a.size]), a) : a;
  let right = b.rank === 1 ? step(reshape(b, transposeB ? [1, b.size] : [b.size, 1]), b) : b;
  const batch = broadcastShape("matmul", left.shape.slice(0, -2), right.shape.slice(0, -2));
  const rows = left.shape.at(transposeA ? -1 : -2)!;
  const cols = right.shape.at(transposeB ? -2 : -1)!;
  if (right.rank === 2 && left.rank > 2 && !transposeA) {
    left = step(reshape(left, [sizeOf(left.shape.slice(0, -1)), left.shape.at(-1)!]), left);
  } else if (left.rank > 2 || right.rank > 2) {
    left = step(broadcastTo(left, [...batch, ...left.shape.slice(-2)]), left);
    right = step(broadcastTo(right, [...batch, ...right.shape.slice(-2)]), right);
  }
  const shape: number[] = [...batch];
  if (a.rank > 1) shape.push(rows);
  if (b.rank > 1) shape.push(cols);
  const y = matrixProduct(left, right, transposeA, transposeB);
  const result = reshape(y, shape);
  for (const temporary of [...steps, y]) temporary.dispose();
  return result;
}

/** op(a)·op(b) for matrices, or for stacks of equally many. */
export function matrixProduct(a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
  const [m, k] = matrixSize(a.shape, transA);
  const [inner, n] = matrixSize(b.shape, transB);
  if (k !== inner)
    throw new ShapeError(`matmul: inner sizes differ: ${show(a.shape)} · ${show(b.shape)} (${k} ≠ ${inner})`);
  const batch = sizeOf(a.shape.slice(0, -2));
  const params = { m, n, k, batch, transA, transB, accumulate: false };
  return apply({
    op: "matmul",
    inputs: [a, b],
    shape: [...a.shape.slice(0, -2), m, n],
    run: (c, [x, y], kernels) => kernels.gemm({ c }, { a: x, b: y }, params),
    pullback: (g, [x, y]) => [
      () => (transA ? matrixProduct(y!, g, transB, true) : matrixProduct(g, y!, false, !transB)),
      () => (transB ? matrixProduct(g, x!, true, transA) : matrixProduct(x!, g, !transA, false)),
    ],
  });
}

function matrixSize(shape: Shape, transposed: boolean): [rows: number, cols: number] {
  const [rows, cols] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [cols, rows] : [rows, cols];
}
