import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider, Fusions } from "../src/backend.ts";

/** How often each fusion ran. */
export type Counts = Record<"linear" | "linearGradient" | "sgd" | "adamw", number>;

/**
 * Plain in float64 with the fusions that core makes use of, each composed of plain's required kernels, so that what core
 * computes through them must be what it derives.
 */
export function fusedProvider(): { provider: BackendProvider; counts: Counts } {
  const counts: Counts = { linear: 0, linearGradient: 0, sgd: 0, adamw: 0 };
  const provider: BackendProvider = {
    name: "plain with fusions",
    async open(options) {
      const backend = (await plain({ precision: "f64" }).open(options)) as Backend;
      return { ...backend, kernels: { ...backend.kernels, ...fusions(backend, counts) } };
    },
  };
  return { provider, counts };
}

function fusions({ alloc, free, kernels }: Backend, counts: Counts): Pick<Fusions, keyof Counts> {
  const product = { batch: 1, transA: false, transB: false, accumulate: false };
  const flat = [0, 0, 1] as const;
  const weighted = (y: unknown, a: unknown, alpha: number, b: unknown, beta: number, length: number): void => {
    const sizes = { outer: 1, axis: 1, inner: length, aStrides: flat, bStrides: flat };
    kernels.binary({ y }, { a, b }, { fn: "add", alpha, beta, ...sizes });
  };
  const scratch = (length: number, use: (handle: unknown) => void): void => {
    const handle = alloc("float", length);
    use(handle);
    free(handle);
  };
  return {
    linear({ y }, { x, w, b }, { rows, inputs, units }) {
      counts.linear++;
      kernels.gemm({ c: y }, { a: x, b: w }, { ...product, m: rows, n: units, k: inputs });
      if (b === undefined) return;
      const sizes = { outer: 1, axis: rows, inner: units, aStrides: [0, units, 1], bStrides: [0, 0, 1] } as const;
      kernels.binary({ y }, { a: y, b }, { fn: "add", alpha: 1, beta: 1, ...sizes });
    },
    linearGradient({ dx, dw, db }, { x, w, g }, { rows, inputs, units }) {
      counts.linearGradient++;
      if (dx) kernels.gemm({ c: dx }, { a: g, b: w }, { ...product, m: rows, n: inputs, k: units, transB: true });
      if (dw) kernels.gemm({ c: dw }, { a: x, b: g }, { ...product, m: inputs, n: units, k: rows, transA: true });
      if (db) kernels.reduce({ y: db }, { x: g }, { fn: "sum", outer: 1, axis: rows, inner: units });
    },
    sgd({ parameter, velocity }, { gradient }, params) {
      counts.sgd++;
      const { length, learningRate, momentum, dampening, nesterov, weightDecay, gradientScale } = params;
      scratch(length, (d) => {
        weighted(d, gradient, gradientScale, parameter, weightDecay, length);
        if (velocity) weighted(velocity, velocity, momentum, d, 1 - dampening, length);
        if (velocity && nesterov) weighted(d, d, 1, velocity, momentum, length);
        weighted(parameter, parameter, 1, velocity && !nesterov ? velocity : d, -learningRate, length);
      });
    },
    adamw({ parameter, mean, variance }, { gradient }, params) {
      counts.adamw++;
      const { length, learningRate, beta1, beta2, epsilon, weightDecay, decoupled, gradientScale } = params;
      scratch(length, (g) => {
        const decay = learningRate * weightDecay;
        weighted(g, gradient, gradientScale, parameter, decoupled ? 0 : weightDecay, length);
        if (decoupled) weighted(parameter, parameter, 1, parameter, -decay, length);
        weighted(mean, mean, beta1, g, 1 - beta1, length);
        kernels.unary({ y: g }, { x: g }, { fn: "pow", alpha: 2, beta: 0, length });
        weighted(variance, variance, beta2, g, 1 - beta2, length);
        kernels.unary({ y: g }, { x: variance }, { fn: "pow", alpha: 0.5, beta: 0, length });
        const root = Math.sqrt(params.correction2);
        kernels.unary({ y: g }, { x: g }, { fn: "affine", alpha: 1 / root, beta: epsilon, length });
        const sizes = { outer: 1, axis: 1, inner: length, aStrides: flat, bStrides: flat };
        kernels.binary({ y: g }, { a: mean, b: g }, { fn: "div", alpha: 1, beta: 1, ...sizes });
        weighted(parameter, parameter, 1, g, -learningRate / params.correction1, length);
      });
    },
  };
}
