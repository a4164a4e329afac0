import { compare, float32, randomNumbers, tolerance } from "@surprisal/conformance";
import type { Facts } from "@surprisal/core";
import { type Contender, type Errors, NEARLY_RIGHT, type Workload } from "../contender.ts";

/** A [m, k] and B [k, n]. */
export interface ProductProblem {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** C = A·B, row-major. */
export type ProductAnswer = ArrayLike<number>;

/** Matrix products. */
export function gemm(
  contenders: readonly Contender<ProductProblem, ProductAnswer>[],
): Workload<ProductProblem, ProductAnswer> {
  return {
    name: "matrix product",
    says: "C = A·B for A [m, k] and B [k, n], named m×n×k; entries from N(0, 1), everything resident.",
    shapes: ["128x128x784", "784x128x128", "1024x1024x1024"],
    quick: ["128x128x784", "784x128x128"],
    problem(shape) {
      const [m, n, k] = shape.split("x").map(Number) as [number, number, number];
      const random = randomNumbers("gemm", shape);
      const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
      return { m, n, k, a: numbers(m * k), b: numbers(k * n) };
    },
    judge,
    work: ({ m, n, k }) => ({ unit: "GFLOP/s", perSecond: (2 * m * n * k) / 1e9 }),
    contenders,
  };
}

function judge(problem: ProductProblem, answer: ProductAnswer, precision: Facts["precision"] | undefined): Errors {
  const { values, magnitudes } = exactProduct(problem);
  let scaled = 0;
  for (let i = 0; i < values.length; i++) {
    const error = Math.abs(answer[i]! - values[i]!) / magnitudes[i]!;
    if (!(error <= scaled)) scaled = error;
  }
  const measured = { "product, of its terms": scaled };
  if (precision === undefined) return { measured, fault: scaled <= NEARLY_RIGHT ? undefined : "not nearly right" };
  const { fault } = compare(
    answer,
    { values, scale: magnitudes, terms: magnitudes },
    tolerance(precision, "product"),
    float32,
    "product",
  );
  return { measured, fault };
}

/** A·B and |A|·|B| in float64. */
function exactProduct({ m, n, k, a, b }: ProductProblem): { values: Float64Array; magnitudes: Float64Array } {
  const values = new Float64Array(m * n);
  const magnitudes = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    const row = values.subarray(i * n, (i + 1) * n);
    const magnitude = magnitudes.subarray(i * n, (i + 1) * n);
    for (let p = 0; p < k; p++) {
      const factor = a[i * k + p]!;
      for (let j = 0; j < n; j++) {
        const product = factor * b[p * n + j]!;
        row[j]! += product;
        magnitude[j]! += Math.abs(product);
      }
    }
  }
  return { values, magnitudes };
}
