import type { Kernel } from "./numbers.ts";

export const gemm: Kernel<"gemm"> = ({ c }, { a, b }, { m, n, k, batch, transA, transB, accumulate }) => {
  for (let item = 0; item < batch; item++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) {
          sum +=
            a[item * m * k + (transA ? p * m + i : i * k + p)]! * b[item * k * n + (transB ? j * k + p : p * n + j)]!;
        }
        const to = (item * m + i) * n + j;
        c[to] = accumulate ? c[to]! + sum : sum;
      }
    }
  }
};
