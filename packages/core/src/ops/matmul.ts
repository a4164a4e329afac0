import { ShapeError } from "../errors.ts";
import { checkKeys } from "../options.ts";
import { broadcastShape, type Shape, show, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, runtimeOf, withTemporaries } from "./apply.ts";
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
  const k = a.rank === 1 ? a.size : a.shape.at(transposeA ? -2 : -1)!;
  const inner = b.rank === 1 ? b.size : b.shape.at(transposeB ? -1 : -2)!;
  if (k !== inner)
    throw new ShapeError(`matmul: inner sizes differ: ${show(a.shape)} · ${show(b.shape)} (${k} ≠ ${inner})`);
  if (a.rank === 2 && b.rank === 2) return matrixProduct(a, b, transposeA, transposeB);
  return withTemporaries((temporary) => {
    let left = a.rank === 1 ? temporary(reshape(a, transposeA ? [a.size, 1] : [1, a.size])) : a;
    let right = b.rank === 1 ? temporary(reshape(b, transposeB ? [1, b.size] : [b.size, 1])) : b;
    const batch = broadcastShape("matmul", left.shape.slice(0, -2), right.shape.slice(0, -2));
    const shape: number[] = [...batch];
    if (a.rank > 1) shape.push(left.shape.at(transposeA ? -1 : -2)!);
    if (b.rank > 1) shape.push(right.shape.at(transposeB ? -2 : -1)!);
    if (right.rank === 2 && left.rank > 2 && !transposeA) {
      left = temporary(reshape(left, [sizeOf(left.shape, 0, left.rank - 1), left.shape.at(-1)!]));
    } else if (left.rank > 2 || right.rank > 2) {
      left = temporary(broadcastTo(left, [...batch, ...left.shape.slice(-2)]));
      right = temporary(broadcastTo(right, [...batch, ...right.shape.slice(-2)]));
    }
    return reshape(temporary(matrixProduct(left, right, transposeA, transposeB)), shape);
  });
}

/** op(a)·op(b) for matrices that fit, or for stacks of equally many. */
export function matrixProduct(a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
  const [m, k] = matrixSize(a.shape, transA);
  const [, n] = matrixSize(b.shape, transB);
  const batch = sizeOf(a.shape, 0, a.rank - 2);
  const params = { m, n, k, batch, transA, transB, accumulate: false };
  return apply({
    op: "matmul",
    inputs: [a, b],
    shape: a.rank === 2 ? [m, n] : [...a.shape.slice(0, -2), m, n],
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
