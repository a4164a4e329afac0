export const INPUTS = 784;
export const UNITS = 128;
export const CLASSES = 10;
export const BATCH = 128;
/** Steps of an epoch, which is what a run is. */
export const STEPS = 20;

/** The rate that the answer is asked for. */
export const LEARNING_RATE = 1e-3;
/**
 * The rate that is timed: after thousands of steps at a larger one the model has learned the few examples by heart, its
 * gradients are subnormal numbers, and those are slow.
 */
export const TIMED_LEARNING_RATE = 1e-6;
/** Adam's other numbers. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Row-major weights of both layers: x·w + b. */
interface Weights {
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  readonly w2: Float32Array;
  readonly b2: Float32Array;
}

export interface TrainingExamples {
  /** [STEPS·BATCH, INPUTS], from 0 to 1. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly weights: Weights;
}

export interface TrainingProblem extends TrainingExamples {
  /** What float64 has to say. */
  readonly expected: number;
}

/** The loss of the first batch after an epoch. */
export type TrainingAnswer = number;

/** An example batch, with the one-hot rows that libraries without labels take. */
export interface Batch {
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly oneHot: Float32Array;
}

/** The batches of an epoch, in order. */
export function batchesOf({ pixels, labels }: TrainingExamples): Batch[] {
  return Array.from({ length: STEPS }, (_, step) => {
    const rows = labels.subarray(step * BATCH, (step + 1) * BATCH);
    const oneHot = new Float32Array(BATCH * CLASSES);
    for (const [r, label] of rows.entries()) oneHot[r * CLASSES + label] = 1;
    return { x: pixels.subarray(step * BATCH * INPUTS, (step + 1) * BATCH * INPUTS), labels: rows, oneHot };
  });
}
