import { type Device, type Like, matmul, openDevice, softmaxCrossEntropy } from "@surprisal/core";
import type { Contender } from "../contender.ts";
import { openBackend, provider, type Variant } from "../subject.ts";
import type { LossAnswer, LossProblem } from "../workloads/fused-loss.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";

/** The fused loss as users call it. */
export function lossByApi(variant: Variant): Contender<LossProblem, LossAnswer> {
  return {
    name: `surprisal ${variant}`,
    ours: true,
    says: "the public API: every run checks and uploads the labels, records and differentiates",
    async setup({ rows, classes, logits, labels }) {
      const device = await openDevice([provider(variant)]);
      const params = { z: device.parameter(logits, [rows, classes]) };
      const lossOf = ({ z }: Like<typeof params>) => softmaxCrossEntropy(z, { labels });
      return {
        ...about(device),
        run() {
          const step = device.scope();
          step.valueAndGrad(lossOf, params);
          step.dispose();
        },
        read: () =>
          device.scoped(async (step) => {
            const { value, gradients } = step.valueAndGrad(lossOf, params);
            return { loss: await value.item(), gradient: await gradients.z.data() };
          }),
        dispose: () => device.close(),
      };
    },
  };
}

/** The kernel that the loss comes down to, called through the contract. */
export function lossByKernel(variant: Variant): Contender<LossProblem, LossAnswer> {
  return {
    name: `surprisal ${variant}, kernel alone`,
    ours: true,
    says: "the kernel on ready handles",
    async setup({ rows, classes, logits, labels }) {
      const backend = await openBackend(variant);
      const inputs = { logits: backend.alloc("float", logits.length), labels: backend.alloc("i32", rows) };
      backend.write(inputs.logits, logits);
      backend.write(inputs.labels, labels);
      const outputs = { rowLoss: backend.alloc("float", rows), gradient: backend.alloc("float", logits.length) };
      const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 / rows };
      const run = () => backend.kernels.softmaxCrossEntropy(outputs, inputs, params);
      return {
        ...about(backend),
        run,
        async read() {
          run();
          const rowLoss = await backend.read(outputs.rowLoss);
          const loss = (rowLoss as Float32Array).reduce((sum, value) => sum + value, 0) / rows;
          return { loss, gradient: await backend.read(outputs.gradient) };
        },
        dispose: () => backend.close(),
      };
    },
  };
}

/** `matmul` as users call it. */
export function productByApi(variant: Variant): Contender<ProductProblem, ProductAnswer> {
  return {
    name: `surprisal ${variant}`,
    ours: true,
    says: "the public API",
    async setup({ m, n, k, a, b }) {
      const device = await openDevice([provider(variant)]);
      const left = device.tensor(a, [m, k]);
      const right = device.tensor(b, [k, n]);
      return {
        ...about(device),
        run: () => matmul(left, right).dispose(),
        async read() {
          const product = matmul(left, right);
          const data = await product.data();
          product.dispose();
          return data;
        },
        dispose: () => device.close(),
      };
    },
  };
}

/** The kernel `gemm`, called through the contract. */
export function productByKernel(variant: Variant): Contender<ProductProblem, ProductAnswer> {
  return {
    name: `surprisal ${variant}, kernel alone`,
    ours: true,
    says: "the kernel on ready handles",
    async setup({ m, n, k, a, b }) {
      const backend = await openBackend(variant);
      const inputs = { a: backend.alloc("float", m * k), b: backend.alloc("float", k * n) };
      backend.write(inputs.a, a);
      backend.write(inputs.b, b);
      const c = backend.alloc("float", m * n);
      const params = { m, n, k, batch: 1, transA: false, transB: false, accumulate: false };
      const run = () => backend.kernels.gemm({ c }, inputs, params);
      return {
        ...about(backend),
        run,
        read() {
          run();
          return backend.read(c);
        },
        dispose: () => backend.close(),
      };
    },
  };
}

function about({ facts }: Pick<Device, "facts">): { device: string; precision: Device["facts"]["precision"] } {
  const threads = `${facts.threads} thread${facts.threads === 1 ? "" : "s"}`;
  return { device: `${facts.device}, ${facts.variant}, ${threads}`, precision: facts.precision };
}
