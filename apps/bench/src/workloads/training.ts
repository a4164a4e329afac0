import { randomNumbers } from "@surprisal/conformance";
import { type Contender, type Errors, NEARLY_RIGHT, type Workload } from "../contender.ts";
import { lossAfterEpoch } from "./training-oracle.ts";
import {
  BATCH,
  CLASSES,
  INPUTS,
  STEPS,
  type TrainingAnswer,
  type TrainingExamples,
  type TrainingProblem,
  UNITS,
} from "./training-problem.ts";

/** relu, one hidden layer, softmax cross-entropy, Adam. */
export function training(
  contenders: readonly Contender<TrainingProblem, TrainingAnswer>[],
): Workload<TrainingProblem, TrainingAnswer> {
  const shape = [INPUTS, UNITS, CLASSES].join("x");
  return {
    name: "training",
    says: `An epoch of ${STEPS} steps that train ${INPUTS}-${UNITS}-${CLASSES} (relu, mean softmax cross-entropy, Adam) on batches of ${BATCH}: the time is the epoch's. Ours is \`fit\`, which shuffles, gathers each batch and uploads it; the others have their batches ready in memory. The answer is the loss of the first batch after an epoch from equal weights.`,
    shapes: [shape],
    quick: [shape],
    problem: trainingProblem,
    judge,
    effort: { sampleMs: 50, warmUpMs: 4000 },
    work: () => ({ unit: "samples/s", perSecond: STEPS * BATCH }),
    contenders,
  };
}

function trainingProblem(): TrainingProblem {
  const random = randomNumbers("training");
  const rows = STEPS * BATCH;
  // A picture a class, half of it dark, and noise over it.
  const pictures = Array.from({ length: CLASSES }, () =>
    Float32Array.from({ length: INPUTS }, () => Math.max(0, random.uniform() - 0.5)),
  );
  const labels = Int32Array.from({ length: rows }, () => random.integer(CLASSES));
  const pixels = new Float32Array(rows * INPUTS);
  for (const [r, label] of labels.entries()) {
    const picture = pictures[label]!;
    for (let i = 0; i < INPUTS; i++) pixels[r * INPUTS + i] = (picture[i]! + random.uniform()) / 2;
  }
  const layer = (inputs: number, units: number) =>
    Float32Array.from({ length: inputs * units }, () => random.normal() / Math.sqrt(inputs));
  const weights = {
    w1: layer(INPUTS, UNITS),
    b1: new Float32Array(UNITS),
    w2: layer(UNITS, CLASSES),
    b2: new Float32Array(CLASSES),
  };
  const examples: TrainingExamples = { pixels, labels, weights };
  return { ...examples, expected: lossAfterEpoch(examples) };
}

/** Of ours. Adam divides by the root of small numbers, where rounding is seen earlier than in a loss alone. */
const RIGHT = 1e-4;

function judge({ expected }: TrainingProblem, answer: TrainingAnswer, precision: unknown): Errors {
  const error = Math.abs(answer - expected) / expected;
  const allowed = precision === undefined ? NEARLY_RIGHT : RIGHT;
  return {
    measured: { "loss after 20 steps": answer, "of float64's": error },
    fault: error <= allowed ? undefined : `the loss after an epoch is ${answer}, and ${expected} in float64`,
  };
}
