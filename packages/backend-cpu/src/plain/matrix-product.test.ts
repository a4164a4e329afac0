import { describe, expect, it } from "vitest";
import { gemm } from "./matrix-product.ts";

const options = { batch: 1, transA: false, transB: false, accumulate: false };
const numbers = (length: number, seed: number) => Float64Array.from({ length }, (_, i) => ((i * 37 + seed) % 19) - 9);

describe("gemm", () => {
  // Small integers: every order of summation is exact.
  for (const transA of [false, true]) {
    for (const transB of [false, true]) {
      it(`equals the triple loop with transA ${transA}, transB ${transB}, in a batch`, () => {
        const [m, n, k, batch] = [3, 6, 5, 2];
        const a = numbers(batch * m * k, 1);
        const b = numbers(batch * k * n, 2);
        const c = new Float32Array(batch * m * n).fill(Number.NaN);
        gemm({ c }, { a, b }, { ...options, m, n, k, batch, transA, transB });
        const expected: number[] = [];
        for (let item = 0; item < batch; item++) {
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let p = 0; p < k; p++) {
                const left = a[item * m * k + (transA ? p * m + i : i * k + p)]!;
                sum += left * b[item * k * n + (transB ? j * k + p : p * n + j)]!;
              }
              expected.push(sum);
            }
          }
        }
        expect([...c]).toEqual(expected);
      });
    }
  }

  it("adds to C with accumulate", () => {
    const c = Float32Array.of(10, 20);
    const inputs = { a: Float32Array.of(1, 2), b: Float32Array.of(3, 4, 5, 6) };
    gemm({ c }, inputs, { ...options, m: 1, n: 2, k: 2, accumulate: true });
    expect([...c]).toEqual([10 + 13, 20 + 16]);
  });

  it("gives zeros for k = 0, or leaves C as it was", () => {
    const c = Float32Array.of(Number.NaN, 7);
    const inputs = { a: new Float32Array(0), b: new Float32Array(0) };
    gemm({ c }, inputs, { ...options, m: 1, n: 1, k: 0 });
    gemm({ c: c.subarray(1) }, inputs, { ...options, m: 1, n: 1, k: 0, accumulate: true });
    expect([...c]).toEqual([0, 7]);
  });

  it("sums k in blocks of 256", () => {
    const a = new Float64Array(512).fill(1);
    const b = new Float64Array(512);
    b.set([2 ** 53, 1], 0);
    b.set([1, 1], 256);
    const c = new Float64Array(1);
    gemm({ c }, { a, b }, { ...options, m: 1, n: 1, k: 512 });
    expect(c[0]).toBe(2 ** 53 + 2);
  });
});
