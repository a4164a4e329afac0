import { type BackendProvider, openDevice, softmaxCrossEntropy } from "@surprisal/core";
import { adam, buildModel, dense, randomStream, sequential } from "@surprisal/nn";

/** What a step may have as targets. */
export const targetKinds = ["labels", "probabilities", "class weights"] as const;
export type TargetKind = (typeof targetKinds)[number];

/** The trainer's network and batch, and a smaller one of its kind. */
const sizes = {
  full: { pixels: 784, hidden: 128, batch: 64 },
  quick: { pixels: 196, hidden: 32, batch: 32 },
};
export type Size = keyof typeof sizes;

const STEPS = 60;
const CLASSES = 10;

/** A perceptron by Adam at 0.003, as the trainer's: the loss of each of 60 steps. */
export async function lossCurve(provider: BackendProvider, kind: TargetKind, size: Size): Promise<number[]> {
  const { pixels, hidden, batch } = sizes[size];
  const device = await openDevice([provider]);
  const layers = sequential([
    dense(hidden, { activation: "relu", inputShape: [pixels] }),
    dense(CLASSES, { activation: "softmax" }),
  ]);
  // With seed 1, rounding takes a unit over relu's kink in step 55 of `full`: the curve is off by 1.7e-6 from there on.
  const model = buildModel(device, layers, { seed: 2 });
  const optimizer = adam(model.parameters, { learningRate: 0.003 });
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    await device.scoped(async (step) => {
      const { images, labels, probabilities } = minibatch(i, pixels, batch);
      const x = step.tensor(images, [batch, pixels]);
      const targets =
        kind === "probabilities" ? { probabilities: step.tensor(probabilities, [batch, CLASSES]) } : { labels };
      const options =
        kind === "class weights" ? { classWeights: Array.from({ length: CLASSES }, (_, c) => 0.5 + c / 9) } : {};
      const { value, gradients } = step.valueAndGrad(
        (parameters) => softmaxCrossEntropy(model.logits(x, { parameters, training: true, step: i }), targets, options),
        model.parameters,
      );
      optimizer.update(gradients);
      losses.push(await value.item());
    });
  }
  await device.close();
  return losses;
}

/** A band of pixels that tells the class, and noise. A batch for each step, the same on every device. */
function minibatch(step: number, pixels: number, batch: number) {
  const random = randomStream(7, step);
  const labels = Uint8Array.from({ length: batch }, () => random.nextBelow(CLASSES));
  const images = Float32Array.from({ length: batch * pixels }, (_, i) => {
    const [row, pixel] = [Math.floor(i / pixels), i % pixels];
    return (Math.floor((pixel * CLASSES) / pixels) === labels[row] ? 0.5 : 0) + 0.5 * random.nextFloat();
  });
  // Nine tenths for the label, the rest for its neighbours.
  const probabilities = Float32Array.from({ length: batch * CLASSES }, (_, i) => {
    const distance = Math.abs((i % CLASSES) - labels[Math.floor(i / CLASSES)]!);
    return distance === 0 ? 0.9 : distance === 1 || distance === CLASSES - 1 ? 0.05 : 0;
  });
  return { images, labels, probabilities };
}

/** The largest deviation of a curve, in units of max(1, loss): the scale of docs/semantics.md §7. */
export function largestDeviation(found: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((loss, i) => Math.abs(found[i]! - loss) / Math.max(1, Math.abs(loss))));
}
