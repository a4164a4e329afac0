import type { Backend, Fusions, LinearParams } from "@surprisal/core";

/** Outputs, inputs and numbers of a fusion, with handles of any kind. */
type Outputs<Name extends keyof Fusions, H> = Parameters<Fusions<H>[Name]>[0];
type Inputs<Name extends keyof Fusions, H> = Parameters<Fusions<H>[Name]>[1];
type Params<Name extends keyof Fusions, H> = Parameters<Fusions<H>[Name]>[2];

const once = { batch: 1, transA: false, transB: false, accumulate: false };

/** `linear` from `gemm` and `binary`. */
export function derivedLinear<H>(
  { kernels, alloc, free }: Pick<Backend<H>, "kernels" | "alloc" | "free">,
  { y }: Outputs<"linear", H>,
  { x, w, b }: Inputs<"linear", H>,
  { rows, inputs, units }: LinearParams,
  transW = false,
): void {
  const product = b === undefined ? y : alloc("float", rows * units);
  kernels.gemm({ c: product }, { a: x, b: w }, { ...once, m: rows, n: units, k: inputs, transB: transW });
  if (b === undefined) return;
  kernels.binary(
    { y },
    { a: product, b },
    { fn: "add", alpha: 1, beta: 1, outer: 1, axis: rows, inner: units, aStrides: [0, units, 1], bStrides: [0, 0, 1] },
  );
  free(product);
}

/** `linearGradient` from two products and a sum. */
export function derivedLinearGradient<H>(
  { kernels }: Pick<Backend<H>, "kernels">,
  { dx, dw, db }: Outputs<"linearGradient", H>,
  { x, w, g }: Inputs<"linearGradient", H>,
  { rows, inputs, units }: LinearParams,
  transW = false,
): void {
  if (dx !== undefined) {
    kernels.gemm({ c: dx }, { a: g, b: w }, { ...once, m: rows, n: inputs, k: units, transB: !transW });
  }
  if (dw !== undefined) {
    const [a, b] = transW ? [g, x] : [x, g];
    const [m, n] = transW ? [units, inputs] : [inputs, units];
    kernels.gemm({ c: dw }, { a, b }, { ...once, m, n, k: rows, transA: true });
  }
  if (db !== undefined) kernels.reduce({ y: db }, { x: g }, { fn: "sum", outer: 1, axis: rows, inner: units });
}

/** `linearCrossEntropy` with the logits whole: linear, the loss, the gradient of linear. */
export function derivedLinearCrossEntropy<H>(
  backend: Pick<Backend<H>, "kernels" | "alloc" | "free">,
  { rowLoss, state, dx, dw, db }: Outputs<"linearCrossEntropy", H>,
  { x, w, b, ...targets }: Inputs<"linearCrossEntropy", H>,
  params: Params<"linearCrossEntropy", H>,
): void {
  const { rows, classes, inputs, transW } = params;
  const shape = { rows, inputs, units: classes };
  const logits = backend.alloc("float", rows * classes);
  derivedLinear(backend, { y: logits }, { x, w, b }, shape, transW);
  const gradient = (dx ?? dw ?? db) ? backend.alloc("float", rows * classes) : undefined;
  backend.kernels.softmaxCrossEntropy({ rowLoss, state, gradient }, { logits, ...targets }, params);
  if (gradient !== undefined) {
    derivedLinearGradient(backend, { dx, dw, db }, { x, w, g: gradient }, shape, transW);
    backend.free(gradient);
  }
  backend.free(logits);
}
