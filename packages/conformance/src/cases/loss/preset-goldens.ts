/**
 * Answers measured on the systems themselves: TensorFlow 2.21.0, Keras 3.15.1 on it, PyTorch 2.13.0, JAX 0.10.2 with optax
 * 0.2.8, ONNX 1.23.1 (reference) and ONNX Runtime 1.30.0, all on a CPU in float32, printed with six digits. What Swift for
 * TensorFlow gives is from its source (swift-apis, Loss.swift), with TensorFlow's numbers.
 */
import type { LossOptions, NestedNumbers } from "@surprisal/core";
import { keras, onnx, optax, type Preset, s4tf, tensorflow, torch } from "@surprisal/core/compat";

/** What a system was asked, and what it answered. */
export interface PresetGolden {
  /** Two rows [1, 2, 3] if absent. */
  readonly logits?: NestedNumbers;
  readonly labels?: readonly number[];
  readonly probabilities?: readonly (readonly number[])[];
  readonly options?: LossOptions;
  readonly loss: readonly number[];
  /** Of the loss, or of the sum of its rows. */
  readonly gradient?: readonly (readonly number[])[];
}

const oneHot = [
  [1, 0, 0],
  [0, 0, 1],
];
const weights = [1, 2, 4];
const ignoreIndex = -1;
const row0 = [-0.909969, 0.244728, 0.665241];
const row2 = [0.090031, 0.244728, -0.334759];
const none = [0, 0, 0];

/** By preset, then by what is told of it. */
export const presetGoldens: readonly (readonly [Preset, Readonly<Record<string, PresetGolden>>])[] = [
  [
    torch,
    {
      "class-weights-over-class-indices-the-mean-divides-by-sum-of-w-y": {
        labels: [0, 2],
        options: { classWeights: weights },
        loss: [0.807606],
        gradient: [
          [-0.181994, 0.048946, 0.133048],
          [0.072024, 0.195783, -0.267807],
        ],
      },
      "the-same-weights-over-the-same-targets-as-one-hot-rows-by-their-number": {
        probabilities: oneHot,
        options: { classWeights: weights },
        loss: [2.019015],
        gradient: [
          [-0.454985, 0.122364, 0.332621],
          [0.180061, 0.489457, -0.669518],
        ],
      },
      "class-weights-and-smoothing": {
        labels: [0, 2],
        options: { classWeights: weights, labelSmoothing: 0.1 },
        loss: [0.818222],
        gradient: [
          [-0.16626, 0.042138, 0.124121],
          [0.062357, 0.174292, -0.236649],
        ],
      },
      "class-weights-and-smoothing-row-by-row": {
        labels: [0, 2],
        options: { classWeights: weights, labelSmoothing: 0.1, reduction: "none" },
        loss: [2.395287, 1.695823],
        gradient: [
          [-0.831299, 0.210692, 0.620606],
          [0.311784, 0.871459, -1.183243],
        ],
      },
      "class-weights-and-smoothing-over-one-hot-rows": {
        probabilities: oneHot,
        options: { classWeights: weights, labelSmoothing: 0.1 },
        loss: [2.045555],
        gradient: [
          [-0.415649, 0.105346, 0.310303],
          [0.155892, 0.43573, -0.591621],
        ],
      },
      "label-minus-100-is-skipped-unasked": { labels: [-100, 2], loss: [0.407606], gradient: [none, row2] },
      "label-minus-100-row-by-row": {
        labels: [-100, 2],
        options: { reduction: "none" },
        loss: [0, 0.407606],
        gradient: [none, row2],
      },
      "all-rows-ignored-nan-gradient-0": { labels: [-100, -100], loss: [Number.NaN], gradient: [none, none] },
      "all-rows-ignored-summed": {
        labels: [-100, -100],
        options: { reduction: "sum" },
        loss: [0],
        gradient: [none, none],
      },
      "all-weights-0-nan": { labels: [0, 2], options: { classWeights: [0, 0, 0] }, loss: [Number.NaN] },
      "minus-infinity-beside-the-label-smoothed": {
        logits: [[Number.NEGATIVE_INFINITY, 0, 1]],
        labels: [1],
        options: { labelSmoothing: 0.1, reduction: "none" },
        loss: [Number.POSITIVE_INFINITY],
        gradient: [[-0.033333, -0.664392, 0.697725]],
      },
      "probabilities-that-sum-to-2-gradient-s-times-p-minus-t": {
        logits: [[1, 2, 3]],
        probabilities: [[1, 1, 0]],
        loss: [3.815212],
        gradient: [[-0.819939, -0.510543, 1.330482]],
      },
      "one-example-without-a-batch": { logits: [1, 2, 3], labels: [2], loss: [0.407606] },
    },
  ],
  [
    tensorflow,
    {
      "sparse-one-loss-a-row": { logits: [[500, -500, 0]], labels: [1], loss: [1000], gradient: [[1, -1, 0]] },
      "probabilities-that-sum-to-2-gradient-p-minus-q": {
        logits: [[1, 2, 3]],
        probabilities: [[1, 1, 0]],
        loss: [3.815212],
        gradient: [[-0.909969, -0.755272, 0.665241]],
      },
      "probabilities-that-sum-to-0-5": {
        logits: [[1, 2, 3]],
        probabilities: [[0.25, 0.25, 0]],
        loss: [0.953803],
        gradient: [[-0.159969, -0.005272, 0.665241]],
      },
      "a-row-of-zeros-has-loss-0-and-the-gradient-p": {
        logits: [[1, 2, 3]],
        probabilities: [[0, 0, 0]],
        loss: [0],
        gradient: [[0.090031, 0.244728, 0.665241]],
      },
      "a-negative-target": {
        logits: [[1, 2, 3]],
        probabilities: [[-1, 1, 1]],
        loss: [-0.592394],
        gradient: [[1.090031, -0.755272, -0.334759]],
      },
      "target-0-at-minus-infinity-as-compiled-by-xla-eager-nan": {
        logits: [[Number.NEGATIVE_INFINITY, 0, 1]],
        probabilities: [[0, 1, 0]],
        loss: [1.313262],
        gradient: [[0, -0.731059, 0.731059]],
      },
    },
  ],
  [
    keras,
    {
      "ignore-class": { labels: [-1, 2], options: { ignoreIndex }, loss: [0.407606], gradient: [none, row2] },
      "ignore-class-row-by-row": { labels: [-1, 2], options: { ignoreIndex, reduction: "none" }, loss: [0, 0.407606] },
      "all-rows-ignored-0": { labels: [-1, -1], options: { ignoreIndex }, loss: [0] },
      "a-nan-row-ignored": {
        logits: [
          [Number.NaN, 0, 1],
          [1, 2, 3],
        ],
        labels: [-1, 2],
        options: { ignoreIndex },
        loss: [0.407606],
      },
      "sample-weights-divide-by-the-number-of-rows": {
        labels: [0, 2],
        options: { rowWeights: [1, 3] },
        loss: [1.815212],
      },
      "sample-weights-0": { labels: [0, 2], options: { rowWeights: [0, 0] }, loss: [0] },
      "the-reduction-mean-with-sample-weight-divides-by-the-weights": {
        labels: [0, 2],
        options: { rowWeights: [1, 3], denominator: "weights" },
        loss: [0.907606],
      },
      "label-smoothing-of-one-hot-rows": {
        probabilities: oneHot,
        options: { labelSmoothing: 0.1, reduction: "none" },
        loss: [2.307606, 0.507606],
      },
    },
  ],
  [
    onnx,
    {
      mean: { labels: [0, 2], loss: [1.407606] },
      "class-weights-the-mean-divides-by-sum-of-w-y": {
        labels: [0, 2],
        options: { classWeights: weights },
        loss: [0.807606],
      },
      "class-weights-row-by-row": {
        labels: [0, 2],
        options: { classWeights: weights, reduction: "none" },
        loss: [2.407606, 1.630424],
      },
      "ignore-index": { labels: [-1, 2], options: { ignoreIndex: -1 }, loss: [0.407606] },
      "ignore-index-in-the-range-of-classes": { labels: [0, 2], options: { ignoreIndex: 0 }, loss: [0.407606] },
      "all-rows-ignored-nan": { labels: [-1, -1], options: { ignoreIndex: -1 }, loss: [Number.NaN] },
      "label-minus-1-is-the-last-class": { labels: [-1, 2], loss: [0.407606] },
      "plus-minus-1e30": { logits: [[1e30, -1e30, 0]], labels: [1], loss: [2e30] },
    },
  ],
  [
    optax,
    {
      "label-minus-1-is-the-last-class": { labels: [-1, 2], loss: [0.407606, 0.407606], gradient: [row2, row2] },
      "probabilities-that-sum-to-2-gradient-s-times-p-minus-t": {
        logits: [[1, 2, 3]],
        probabilities: [[1, 1, 0]],
        loss: [3.815212],
        gradient: [[-0.819939, -0.510543, 1.330482]],
      },
    },
  ],
  [
    s4tf,
    {
      "the-mean-over-the-batch": {
        labels: [0, 2],
        loss: [1.407606],
        gradient: [row0.map((x) => x / 2), row2.map((x) => x / 2)],
      },
      "tensorflow-s-gradient-for-probabilities": {
        logits: [[1, 2, 3]],
        probabilities: [[1, 1, 0]],
        loss: [3.815212],
        gradient: [[-0.909969, -0.755272, 0.665241]],
      },
    },
  ],
];
