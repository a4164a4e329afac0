import {
  type Device,
  type Like,
  linear,
  linearCrossEntropy,
  matmul,
  openDevice,
  softmaxCrossEntropy,
  type Tensor,
} from "@surprisal/core";
import { adam, buildModel, type CompiledModel, compile, dense, loadStateDict, sequential } from "@surprisal/nn";
import type { Contender } from "../contender.ts";
import { openBackend, provider, type Variant } from "../subject.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";
import type { LinearAnswer, LinearProblem } from "../workloads/linear-loss.ts";
import type { LossContender, TargetForm } from "../workloads/loss.ts";
import {
  ADAM,
  BATCH,
  CLASSES,
  INPUTS,
  LEARNING_RATE,
  TIMED_LEARNING_RATE,
  type TrainingAnswer,
  type TrainingProblem,
  UNITS,
} from "../workloads/training-problem.ts";

const library = "surprisal";

/** The loss as users call it; `target` where it is not what the problem asks for. */
export function lossByApi(variant: Variant, target?: TargetForm): LossContender {
  return {
    name: target === undefined ? `surprisal ${variant}` : `surprisal ${variant}, by ${target}`,
    library,
    ours: true,
    says: "the public API: every run checks and uploads labels, records and differentiates",
    async setup(problem) {
      const { rows, classes, logits, labels, dense } = problem;
      const device = await openDevice([provider(variant)]);
      const params = { z: device.parameter(logits, [rows, classes]) };
      const form = target ?? problem.target;
      const targets = form === "labels" ? { labels } : { probabilities: device.tensor(dense, [rows, classes]) };
      const lossOf = ({ z }: Like<typeof params>) => softmaxCrossEntropy(z, targets);
      const read = problem.gradient
        ? () =>
            device.scoped(async (step) => {
              const { value, gradients } = step.valueAndGrad(lossOf, params);
              return { loss: await value.item(), gradient: await gradients.z.data(), target: form };
            })
        : () => device.scoped(async (step) => ({ loss: await step.borrow(lossOf(params)).item() }));
      return {
        ...about(device),
        run() {
          if (problem.gradient) {
            const step = device.scope();
            step.valueAndGrad(lossOf, params);
            step.dispose();
          } else lossOf(params).dispose();
        },
        read,
        dispose: () => device.close(),
      };
    },
  };
}

/** The kernel that the loss comes down to, called through the contract. */
export function lossByKernel(variant: Variant): LossContender {
  return {
    name: `surprisal ${variant}, kernel alone`,
    library,
    ours: true,
    says: "the kernel on ready handles",
    async setup({ rows, classes, logits, labels, dense, target, gradient }) {
      const backend = await openBackend(variant);
      const uploaded = (kind: "float" | "i32", data: ArrayLike<number>) => {
        const handle = backend.alloc(kind, data.length);
        backend.write(handle, data);
        return handle;
      };
      const targets =
        target === "labels" ? { labels: uploaded("i32", labels) } : { probabilities: uploaded("float", dense) };
      const inputs = { logits: uploaded("float", logits), ...targets };
      const rowLosses = { rowLoss: backend.alloc("float", rows) };
      const outputs = gradient ? { ...rowLosses, gradient: backend.alloc("float", logits.length) } : rowLosses;
      const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 / rows };
      const run = () => backend.kernels.softmaxCrossEntropy(outputs, inputs, params);
      return {
        ...about(backend),
        run,
        async read() {
          run();
          const rowLoss = await backend.read(outputs.rowLoss);
          const loss = (rowLoss as Float32Array).reduce((sum, value) => sum + value, 0) / rows;
          return "gradient" in outputs ? { loss, gradient: await backend.read(outputs.gradient) } : { loss };
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
    library,
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
    library,
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

/** The linear layer with its loss, as one op or as two. */
export function linearLossByApi(variant: Variant, ops: "one op" | "two ops"): Contender<LinearProblem, LinearAnswer> {
  return {
    name: ops === "one op" ? `surprisal ${variant}` : `surprisal ${variant}, two ops`,
    library,
    ours: true,
    says: ops === "one op" ? "linearCrossEntropy" : "softmaxCrossEntropy of linear",
    async setup({ rows, inputs, classes, x, w, b, labels }) {
      const device = await openDevice([provider(variant)]);
      const params = {
        x: device.parameter(x, [rows, inputs]),
        w: device.parameter(w, [inputs, classes]),
        b: device.parameter(b),
      };
      const lossOf = ({ x, w, b }: Like<typeof params>): Tensor =>
        ops === "one op" ? linearCrossEntropy(x, w, b, { labels }) : softmaxCrossEntropy(linear(x, w, b), { labels });
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
            const [loss, dx, dw, db] = await Promise.all([
              value.item(),
              gradients.x.data(),
              gradients.w.data(),
              gradients.b.data(),
            ]);
            return { loss, dx, dw, db };
          }),
        dispose: () => device.close(),
      };
    },
  };
}

/** Training as users do it: compiled, by `fit`. */
export function trainingByFit(variant: Variant): Contender<TrainingProblem, TrainingAnswer> {
  return {
    name: `surprisal ${variant}`,
    library,
    ours: true,
    says: "compile and fit: shuffles, gathers and uploads every batch, and reads every loss",
    async setup({ pixels, labels, weights }) {
      const device = await openDevice([provider(variant)]);
      const x = { data: pixels, shape: [labels.length, INPUTS] };
      const timed = classifier(device, weights, TIMED_LEARNING_RATE);
      return {
        ...about(device),
        async run() {
          await timed.fit(x, labels, { batchSize: BATCH });
        },
        async read() {
          const { fit, evaluate, model, dispose } = classifier(device, weights, LEARNING_RATE);
          await fit(x, labels, { batchSize: BATCH, shuffle: false });
          const first = { data: pixels.subarray(0, BATCH * INPUTS), shape: [BATCH, INPUTS] };
          const { loss } = await evaluate(first, labels.subarray(0, BATCH), { batchSize: BATCH });
          dispose();
          model.dispose();
          return loss!;
        },
        dispose: () => device.close(),
      };
    },
  };
}

function classifier(
  device: Device,
  { w1, b1, w2, b2 }: TrainingProblem["weights"],
  learningRate: number,
): CompiledModel {
  const layers = sequential([
    dense(UNITS, { activation: "relu", inputShape: [INPUTS] }),
    dense(CLASSES, { activation: "softmax" }),
  ]);
  const model = buildModel(device, layers);
  loadStateDict(model.parameters, {
    "0.w": { data: w1, shape: [INPUTS, UNITS] },
    "0.b": { data: b1, shape: [UNITS] },
    "1.w": { data: w2, shape: [UNITS, CLASSES] },
    "1.b": { data: b2, shape: [CLASSES] },
  });
  return compile(model, {
    optimizer: (parameters) => adam(parameters, { learningRate, ...ADAM }),
    loss: "sparse_categorical_crossentropy",
  });
}

function about({ facts }: Pick<Device, "facts">): { device: string; precision: Device["facts"]["precision"] } {
  const threads = `${facts.threads} thread${facts.threads === 1 ? "" : "s"}`;
  return { device: `${facts.device}, ${facts.variant}, ${threads}`, precision: facts.precision };
}
