import type { HostArray, RequiredKernels } from "@surprisal/core";
import { ROW_BLOCK } from "./block-sums.ts";

/** C = op(A)·op(B), four columns of C at a time, so that each element of A is fetched once for four products. */
export const gemm: RequiredKernels<HostArray>["gemm"] = ({ c }, { a, b }, params) => {
  const { m, n, k, batch, transA, transB, accumulate } = params;
  const [aRow, aInner] = transA ? [1, m] : [k, 1];
  const [bInner, bColumn] = transB ? [1, k] : [n, 1];
  const columns = new Float64Array(4 * k);
  const sums = new Float64Array(4);

  for (let item = 0; item < batch; item++) {
    for (let j = 0; j < n; j += 4) {
      const width = Math.min(4, n - j);
      for (let t = 0; t < width; t++) {
        const from = item * k * n + (j + t) * bColumn;
        for (let p = 0; p < k; p++) columns[4 * p + t] = b[from + p * bInner]!;
      }
      for (let i = 0; i < m; i++) {
        multiplyRow(sums, a, item * m * k + i * aRow, aInner, columns);
        const to = (item * m + i) * n + j;
        for (let t = 0; t < width; t++) c[to + t] = accumulate ? c[to + t]! + sums[t]! : sums[t]!;
      }
    }
  }
};

/** One row of op(A) times the four columns, which lie interleaved. */
function multiplyRow(sums: Float64Array, a: HostArray, from: number, step: number, columns: Float64Array): void {
  const k = columns.length / 4;
  sums.fill(0);
  for (let start = 0; start < k; start += ROW_BLOCK) {
    const end = Math.min(start + ROW_BLOCK, k);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let p = start; p < end; p++) {
      const x = a[from + p * step]!;
      s0 += x * columns[4 * p]!;
      s1 += x * columns[4 * p + 1]!;
      s2 += x * columns[4 * p + 2]!;
      s3 += x * columns[4 * p + 3]!;
    }
    sums[0]! += s0;
    sums[1]! += s1;
    sums[2]! += s2;
    sums[3]! += s3;
  }
}
