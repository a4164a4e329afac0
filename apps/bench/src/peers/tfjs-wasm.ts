import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import tf, { type Scalar, type Tensor, type Tensor2D } from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { Contender } from "../contender.ts";
import type { LossAnswer, LossProblem } from "../workloads/fused-loss.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";

let started: Promise<void> | undefined;

/** In Node tfjs-wasm has one thread, whatever the machine: its threaded build is switched off there. */
async function start(): Promise<{ device: string }> {
  started ??= (async () => {
    setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
    await tf.setBackend("wasm");
    await tf.ready();
  })();
  await started;
  return { device: "WebAssembly SIMD (XNNPACK), 1 thread" };
}

type LossOf = (logits: Tensor) => Scalar;

function lossContender(
  name: string,
  says: string,
  lossOn: (problem: LossProblem, oneHot: Tensor2D) => { readonly loss: LossOf; readonly kept: readonly Tensor[] },
): Contender<LossProblem, LossAnswer> {
  return {
    name,
    says,
    ours: false,
    async setup(problem) {
      const { rows, classes, logits, labels } = problem;
      const about = await start();
      const z = tf.tensor2d(logits, [rows, classes]);
      const oneHot = tf.tidy(() =>
        tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32"),
      ) as unknown as Tensor2D;
      const { loss, kept } = lossOn(problem, oneHot);
      const valueAndGradient = tf.valueAndGrad(loss);
      return {
        ...about,
        run() {
          const { value, grad } = valueAndGradient(z);
          value.dispose();
          grad.dispose();
        },
        async read() {
          const { value, grad } = valueAndGradient(z);
          const answer = { loss: (await value.data())[0]!, gradient: await grad.data() };
          value.dispose();
          grad.dispose();
          return answer;
        },
        dispose() {
          for (const tensor of [z, oneHot, ...kept]) tensor.dispose();
        },
      };
    },
  };
}

/** tfjs' own loss. It has no sparse labels: the one-hot matrix is ready-made and not timed. */
export function tfjsLoss(): Contender<LossProblem, LossAnswer> {
  return lossContender(
    "tfjs-wasm, tf.losses",
    "tf.losses.softmaxCrossEntropy on a ready one-hot matrix",
    (_, oneHot) => ({
      loss: (z) => tf.losses.softmaxCrossEntropy(oneHot, z) as Scalar,
      kept: [],
    }),
  );
}

/** The fastest that we could put together from tfjs' ops: −mean log p_y, with a gradient by hand, p − one-hot. */
export function tfjsLossByHand(): Contender<LossProblem, LossAnswer> {
  return lossContender(
    "tfjs-wasm, by hand",
    "the fastest that we could put together from its ops: log of a gathered softmax, p − one-hot as a custom gradient. Loss 0 for a confident row, ∞ for a label that lies 104 below the maximum",
    ({ rows, labels }, oneHot) => {
      const places = tf.tensor2d(
        Int32Array.from({ length: 2 * rows }, (_, i) => (i % 2 ? labels[i >> 1]! : i >> 1)),
        [rows, 2],
        "int32",
      );
      const loss = tf.customGrad((z, save) => {
        const p = tf.softmax(z as Tensor);
        (save as (tensors: Tensor[]) => void)([p]);
        return {
          value: tf.mul(tf.sum(tf.log(tf.gatherND(p, places))), -1 / rows),
          gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(tf.sub(saved[0]!, oneHot), tf.mul(dy, 1 / rows)),
        };
      });
      return { loss: loss as LossOf, kept: [places] };
    },
  );
}

/** Matrix products. */
export function tfjsProduct(): Contender<ProductProblem, ProductAnswer> {
  return {
    name: "tfjs-wasm",
    says: "tf.matMul",
    ours: false,
    async setup({ m, n, k, a, b }) {
      const about = await start();
      const left = tf.tensor2d(a, [m, k]);
      const right = tf.tensor2d(b, [k, n]);
      return {
        ...about,
        run: () => tf.matMul(left, right).dispose(),
        async read() {
          const product = tf.matMul(left, right);
          const data = await product.data();
          product.dispose();
          return data;
        },
        dispose() {
          left.dispose();
          right.dispose();
        },
      };
    },
  };
}
