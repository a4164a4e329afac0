import type { Contender } from "../contender.ts";
import type { ProductAnswer, ProductProblem } from "../workloads/gemm.ts";
import type { LinearAnswer, LinearProblem } from "../workloads/linear-loss.ts";
import type { LossAnswer, LossContender, LossProblem } from "../workloads/loss.ts";
import {
  ADAM,
  BATCH,
  batchesOf,
  CLASSES,
  INPUTS,
  LEARNING_RATE,
  TIMED_LEARNING_RATE,
  type TrainingAnswer,
  type TrainingProblem,
  UNITS,
} from "../workloads/training-problem.ts";
import { type LossOf, type Tensor, type Tfjs, type TfjsEngine, tfjsContender } from "./tfjs-engine.ts";

function lossContender(
  engine: TfjsEngine,
  detail: string,
  says: string,
  lossOn: (tf: Tfjs, problem: LossProblem, dense: Tensor) => { readonly loss: LossOf; readonly kept?: Tensor[] },
): LossContender {
  return tfjsContender<LossProblem, LossAnswer>(engine, detail, says, (tf, problem) => {
    const { rows, classes, logits, gradient } = problem;
    const z = tf.tensor2d(logits, [rows, classes]);
    const dense = tf.tensor2d(problem.dense, [rows, classes]);
    const { loss, kept = [] } = lossOn(tf, problem, dense);
    const computed = (): { value: Tensor; grad?: Tensor } =>
      gradient ? tf.valueAndGrad(loss)(z) : { value: tf.tidy(() => loss(z)) };
    const run = () => {
      const { value, grad } = computed();
      value.dispose();
      grad?.dispose();
    };
    const runToItsEnd = async () => {
      const { value, grad } = computed();
      await value.data();
      value.dispose();
      grad?.dispose();
    };
    return {
      kept: [z, dense, ...kept],
      run: engine.waits ? runToItsEnd : run,
      async read() {
        const { value, grad } = computed();
        const answer = { loss: (await value.data())[0]!, ...(grad && { gradient: await grad.data() }) };
        value.dispose();
        grad?.dispose();
        return answer;
      },
    };
  });
}

/** tfjs' own loss. It has no sparse labels: the one-hot matrix is ready-made and not timed. */
export function tfjsLoss(engine: TfjsEngine): LossContender {
  return lossContender(
    engine,
    "tf.losses",
    "tf.losses.softmaxCrossEntropy on a ready matrix of one-hot rows or probabilities",
    (tf, _, dense) => ({ loss: (z) => tf.losses.softmaxCrossEntropy(dense, z!) }),
  );
}

/** The fastest that we could put together from tfjs' ops, for labels: −mean log p_y, with a gradient by hand, p − one-hot. */
export function tfjsLossByHand(engine: TfjsEngine): LossContender {
  return lossContender(
    engine,
    "by hand",
    "the fastest that we could put together from its ops: log of a gathered softmax, p − one-hot as a custom gradient. Loss 0 for a confident row, ∞ for a label that lies 104 below the maximum",
    (tf, { rows, labels }, oneHot) => {
      const places = tf.tensor2d(
        Int32Array.from({ length: 2 * rows }, (_, i) => (i % 2 ? labels[i >> 1]! : i >> 1)),
        [rows, 2],
        "int32",
      );
      const loss = tf.customGrad((z, save) => {
        const p = tf.softmax(z);
        save([p]);
        return {
          value: tf.mul(tf.sum(tf.log(tf.gatherND(p, places))), -1 / rows),
          gradFunc: (dy, saved) => tf.mul(tf.sub(saved[0]!, oneHot), tf.mul(dy, 1 / rows)),
        };
      });
      return { loss, kept: [places] };
    },
  );
}

export function tfjsProduct(engine: TfjsEngine): Contender<ProductProblem, ProductAnswer> {
  return tfjsContender(engine, "", "tf.matMul", (tf, { m, n, k, a, b }) => {
    const [left, right] = [tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])];
    return {
      kept: [left, right],
      run: () => tf.matMul(left, right).dispose(),
      async read() {
        const product = tf.matMul(left, right);
        const data = await product.data();
        product.dispose();
        return data;
      },
    };
  });
}

export function tfjsLinearLoss(engine: TfjsEngine): Contender<LinearProblem, LinearAnswer> {
  const says = "tf.losses.softmaxCrossEntropy of tf.matMul + b, by tf.valueAndGrads";
  return tfjsContender(engine, "", says, (tf, { rows, inputs, classes, x, w, b, oneHot }) => {
    const given = [tf.tensor2d(x, [rows, inputs]), tf.tensor2d(w, [inputs, classes]), tf.tensor1d(b)];
    const labels = tf.tensor2d(oneHot, [rows, classes]);
    const step = tf.valueAndGrads((x, w, b) => tf.losses.softmaxCrossEntropy(labels, tf.add(tf.matMul(x!, w!), b!)));
    const freed = ({ value, grads }: { value: Tensor; grads: Tensor[] }) => {
      for (const tensor of [value, ...grads]) tensor.dispose();
    };
    return {
      kept: [...given, labels],
      run: () => freed(step(given)),
      async read() {
        const found = step(given);
        const [dx, dw, db] = await Promise.all(found.grads.map((grad) => grad.data()));
        const answer = { loss: (await found.value.data())[0]!, dx: dx!, dw: dw!, db: db! };
        freed(found);
        return answer;
      },
    };
  });
}

export function tfjsTraining(engine: TfjsEngine): Contender<TrainingProblem, TrainingAnswer> {
  const says = "tf.train.adam on tf.losses.softmaxCrossEntropy, a step at a time on tensors that are ready";
  return tfjsContender(engine, "", says, (tf, problem) => {
    const { weights } = problem;
    const batches = batchesOf(problem).map(({ x, oneHot }) => ({
      x: tf.tensor2d(x, [BATCH, INPUTS]),
      y: tf.tensor2d(oneHot, [BATCH, CLASSES]),
    }));
    const trainer = (rate: number) => {
      const parameters = [
        tf.variable(tf.tensor2d(weights.w1, [INPUTS, UNITS])),
        tf.variable(tf.tensor1d(weights.b1)),
        tf.variable(tf.tensor2d(weights.w2, [UNITS, CLASSES])),
        tf.variable(tf.tensor1d(weights.b2)),
      ] as const;
      const [w1, b1, w2, b2] = parameters;
      const optimizer = tf.train.adam(rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
      const loss = ({ x, y }: (typeof batches)[number]) => {
        const hidden = tf.relu(tf.add(tf.matMul(x, w1), b1));
        return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(hidden, w2), b2));
      };
      return {
        epoch: () => {
          for (const batch of batches) optimizer.minimize(() => loss(batch), false);
        },
        lossOfFirst: () => tf.tidy(() => loss(batches[0]!)),
        parameters,
      };
    };
    const timedTrainer = trainer(TIMED_LEARNING_RATE);
    return {
      kept: [...batches.flatMap(({ x, y }) => [x, y]), ...timedTrainer.parameters],
      run: timedTrainer.epoch,
      async read() {
        const { epoch, lossOfFirst, parameters } = trainer(LEARNING_RATE);
        epoch();
        const loss = lossOfFirst();
        const answer = (await loss.data())[0]!;
        for (const tensor of [loss, ...parameters]) tensor.dispose();
        return answer;
      },
    };
  });
}
