import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs";
import type { Contender } from "../contender.ts";
import type { LossAnswer, LossProblem } from "../workloads/fused-loss.ts";

type LossOf = (logits: Tensor) => Scalar;

/** One of tfjs' backends. */
export interface TfjsEngine {
  readonly name: string;
  start(): Promise<{ readonly device: string }>;
  /** Makes it the one that computes. */
  use(): Promise<unknown> | undefined;
  /** Whether it computes behind the caller's back: then a run ends when the loss has been read. */
  readonly waits: boolean;
}

function lossContender(
  engine: TfjsEngine,
  form: string,
  says: string,
  lossOn: (problem: LossProblem, oneHot: Tensor2D) => { readonly loss: LossOf; readonly kept: readonly Tensor[] },
): Contender<LossProblem, LossAnswer> {
  return {
    name: `${engine.name}, ${form}`,
    says,
    ours: false,
    async setup(problem) {
      const { rows, classes, logits, labels } = problem;
      const about = await engine.start();
      await engine.use();
      const z = tf.tensor2d(logits, [rows, classes]);
      const oneHot = tf.tidy(() =>
        tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32"),
      ) as unknown as Tensor2D;
      const { loss, kept } = lossOn(problem, oneHot);
      const valueAndGradient = tf.valueAndGrad(loss);
      return {
        ...about,
        run: engine.waits
          ? async () => {
              await engine.use();
              const { value, grad } = valueAndGradient(z);
              await value.data();
              value.dispose();
              grad.dispose();
            }
          : () => {
              const { value, grad } = valueAndGradient(z);
              value.dispose();
              grad.dispose();
            },
        async read() {
          await engine.use();
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
export function tfjsLoss(engine: TfjsEngine): Contender<LossProblem, LossAnswer> {
  return lossContender(engine, "tf.losses", "tf.losses.softmaxCrossEntropy on a ready one-hot matrix", (_, oneHot) => ({
    loss: (z) => tf.losses.softmaxCrossEntropy(oneHot, z) as Scalar,
    kept: [],
  }));
}

/** The fastest that we could put together from tfjs' ops: −mean log p_y, with a gradient by hand, p − one-hot. */
export function tfjsLossByHand(engine: TfjsEngine): Contender<LossProblem, LossAnswer> {
  return lossContender(
    engine,
    "by hand",
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
