import type { Tensor } from "@surprisal/core";
import {
  abs,
  add,
  broadcastTo,
  clip,
  concat,
  div,
  exp,
  expm1,
  gather,
  gelu,
  greater,
  linear,
  linearCrossEntropy,
  log,
  log1p,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  normalCdf,
  pad,
  pow,
  relu,
  reshape,
  scatterAdd,
  select,
  sigmoid,
  slice,
  softmax,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  transpose,
} from "@surprisal/core/ops";
import type { Application, OpName } from "../ops/op-case.ts";
import type { OpWithoutDerivative } from "./without-derivative.ts";

/** Multiples of 0.3 from −1.35, no two of them equal, none near 0, ±1 or each other: no kink within a step. */
const apart: Application["numbers"] = (_, i, input) => (((i * 7) % 11) * 3 - 13.5 + 1.5 * input) / 10;
const positive: Application["numbers"] = (random) => 0.75 + random.uniform();

type Applications = Readonly<Record<string, Application>>;

const one = (apply: (x: Tensor) => Tensor, numbers?: Application["numbers"]): Applications =>
  ({ "a-matrix": { shapes: [[2, 3]], apply, numbers } }) as Applications;

/** One shape, and a row and a column that are stretched: their gradients are summed back. */
const two = (apply: (a: Tensor, b: Tensor) => Tensor, numbers?: Application["numbers"]): Applications =>
  ({
    "one-shape": {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      apply,
      numbers,
    },
    broadcast: { shapes: [[3], [2, 1]], apply, numbers },
    "four-axes-in-turn": {
      shapes: [
        [2, 1, 2, 1],
        [1, 2, 1, 2],
      ],
      apply,
      numbers,
    },
  }) as Applications;

const cube = [2, 2, 3];

/** One row at a time, and none of them reduced. */
const inChunks = { maxBytes: 1, reduction: "none" } as const;

/** Where each op is differentiated: away from kinks and ties. */
export const differentiable: Readonly<Record<Exclude<OpName, OpWithoutDerivative>, Applications>> = {
  abs: one(abs, apart),
  add: { ...two(add), "to-a-number": { shapes: [[4]], apply: (x) => add(0.5, x!) } },
  broadcastTo: { "a-column": { shapes: [[2, 1]], apply: (x) => broadcastTo(x!, [3, 2, 2]) } },
  clip: one((x) => clip(x, -0.7, 0.8), apart),
  concat: {
    columns: {
      shapes: [
        [2, 2],
        [2, 1],
      ],
      apply: (...x) => concat(x, 1),
    },
    "one-tensor-twice": { shapes: [[2, 2]], apply: (x) => mul(concat([x!, x!]), concat([x!, x!])) },
  },
  div: {
    ...two(div, positive),
    "a-number-by-it": { shapes: [[4]], numbers: positive, apply: (x) => div(0.5, x!) },
  },
  exp: one(exp),
  expm1: one(expm1),
  gather: { "rows-that-repeat": { shapes: [[3, 2]], apply: (x) => gather(square(x!), [2, 0, 2, 2]) } },
  gelu: {
    exact: { shapes: [[2, 3]], apply: (x) => gelu(x!) },
    "by-tanh": { shapes: [[2, 3]], apply: (x) => gelu(x!, { approximate: "tanh" }) },
  },
  linear: {
    layer: { shapes: [[2, 3], [3, 2], [2]], apply: linear },
    "more-axes": { shapes: [[2, 2, 3], [3, 2], [2]], apply: linear },
    "without-bias": {
      shapes: [
        [2, 3],
        [3, 2],
      ],
      apply: linear,
    },
  } as Applications,
  linearCrossEntropy: {
    labels: {
      shapes: [[3, 2], [2, 4], [4]],
      apply: (x, w, b) => linearCrossEntropy(x!, w!, b, { labels: [3, 0, 1] }),
    },
    "rows-in-chunks": {
      shapes: [
        [3, 2],
        [4, 2],
      ],
      apply: (x, w) =>
        linearCrossEntropy(x!, w!, undefined, { labels: [3, 9, 1] }, { ...inChunks, transposeW: true, ignoreIndex: 9 }),
    },
    "probabilities-in-chunks": {
      shapes: [[3, 2], [2, 4], [4], [3, 4]],
      apply: (x, w, b, q) => linearCrossEntropy(x!, w!, b, { probabilities: q! }, { ...inChunks, labelSmoothing: 0.1 }),
    },
    "row-weights-and-temperature": {
      shapes: [[3, 2], [2, 4], [4], [3], []],
      numbers: (random) => 0.75 + random.uniform(),
      apply: (x, w, b, rowWeights, temperature) =>
        linearCrossEntropy(
          x!,
          w!,
          b,
          { labels: [3, 0, 1] },
          { maxBytes: 1, rowWeights: rowWeights!, temperature: temperature! },
        ),
    },
    terms: {
      shapes: [[3, 2], [2, 4], [4]],
      apply: (x, w, b) =>
        linearCrossEntropy(
          x!,
          w!,
          b,
          { labels: [3, 0, 1] },
          { ...inChunks, zLoss: 0.1, softcap: 3, focal: 2, poly: 0.5 },
        ),
    },
  },
  log: one(log, positive),
  log1p: one(log1p, positive),
  logSoftmax: {
    rows: { shapes: [[2, 3]], apply: (x) => logSoftmax(x!) },
    columns: { shapes: [[2, 3]], apply: (x) => logSoftmax(x!, 0) },
  },
  logSumExp: {
    rows: { shapes: [[2, 3]], apply: (x) => logSumExp(x!, -1) },
    everything: { shapes: [[2, 3]], apply: (x) => logSumExp(x!) },
    "first-and-last-kept": { shapes: [cube], apply: (x) => logSumExp(x!, [0, 2], { keepDims: true }) },
  },
  matmul: {
    ...Object.fromEntries(
      [false, true].flatMap((transposeA) =>
        [false, true].map((transposeB) => [
          `matrices${transposeA ? "-left-transposed" : ""}${transposeB ? "-right-transposed" : ""}`,
          {
            shapes: [transposeA ? [3, 2] : [2, 3], transposeB ? [2, 3] : [3, 2]],
            apply: (a, b) => matmul(a!, b!, { transposeA, transposeB }),
          } satisfies Application,
        ]),
      ),
    ),
    stacks: {
      shapes: [
        [2, 1, 2, 3],
        [2, 3, 2],
      ],
      apply: (a, b) => matmul(a!, b!),
    },
    "stacks-transposed": {
      shapes: [
        [2, 3, 2],
        [2, 3],
      ],
      apply: (a, b) => matmul(a!, b!, { transposeA: true, transposeB: true }),
    },
    "a-vector-on-the-left": { shapes: [[3], [2, 3, 2]], apply: (a, b) => matmul(a!, b!) },
    "a-vector-on-the-right": { shapes: [[2, 2, 3], [3]], apply: (a, b) => matmul(a!, b!) },
    "with-itself": { shapes: [[2, 2]], apply: (a) => matmul(a!, a!) },
  },
  max: {
    rows: { shapes: [[2, 3]], numbers: apart, apply: (x) => max(x!, -1) },
    "first-and-last": { shapes: [cube], numbers: (_, i) => ((i * 5) % 12) / 4, apply: (x) => max(x!, [0, 2]) },
  },
  maximum: two(maximum, apart),
  mean: {
    rows: { shapes: [[2, 3]], apply: (x) => mean(square(x!), -1) },
    everything: { shapes: [cube], apply: (x) => mean(exp(x!)) },
  },
  min: { columns: { shapes: [[2, 3]], numbers: apart, apply: (x) => min(x!, 0, { keepDims: true }) } },
  minimum: two(minimum, apart),
  mul: { ...two(mul), "with-itself": { shapes: [[4]], apply: (x) => mul(x!, mul(x!, x!)) } },
  neg: one(neg),
  normalCdf: one(normalCdf),
  pad: { "both-sides": { shapes: [[2, 2]], apply: (x) => pad(square(x!), [1, 0], [0, 2]) } },
  pow: {
    ...two(pow, positive),
    ...Object.fromEntries(
      [-1, 0.5, 1, 2, 3].map((exponent) => [
        `exponent-${exponent}`.replace("--", "-minus-").replace(".", "-point-"),
        { shapes: [[4]], numbers: positive, apply: (x) => pow(x!, exponent) } satisfies Application,
      ]),
    ),
  },
  relu: one(relu, apart),
  reshape: { "a-matrix": { shapes: [[2, 3]], apply: (x) => mul(reshape(x!, [3, 2]), reshape(x!, [3, -1])) } },
  scatterAdd: { "rows-that-meet": { shapes: [[4, 2]], apply: (x) => scatterAdd(square(x!), [2, 0, 2, 2], 4) } },
  select: {
    "one-side-each": {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      apply: (a, b) => select(greater(a!, 0.1), square(a!), mul(b!, a!)),
      numbers: apart,
    },
    "a-number": { shapes: [[4]], numbers: apart, apply: (x) => select(greater(x!, 0), square(x!), 3) },
  },
  sigmoid: one(sigmoid),
  slice: { "a-block": { shapes: [cube], apply: (x) => slice(square(x!), [0, 1, 1], [2, 1, 2]) } },
  softmax: {
    rows: { shapes: [[2, 3]], apply: (x) => softmax(x!) },
    "a-middle-axis": { shapes: [cube], apply: (x) => softmax(x!, 1) },
  },
  softmaxCrossEntropy: {
    labels: { shapes: [[2, 3]], apply: (z) => softmaxCrossEntropy(z!, { labels: [2, 0] }) },
    probabilities: {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      apply: (z, q) => softmaxCrossEntropy(z!, { probabilities: q! }),
    },
  },
  softmaxCrossEntropyGradient: {
    labels: { shapes: [[2, 3]], apply: (z) => softmaxCrossEntropyGradient(z!, { labels: [2, 0] }) },
    upstream: {
      shapes: [[2, 3], [2, 3], [2]],
      apply: (z, q, u) => softmaxCrossEntropyGradient(z!, { probabilities: q! }, { reduction: "none", upstream: u! }),
    },
    "one-upstream": {
      shapes: [[2, 3], []],
      apply: (z, u) => softmaxCrossEntropyGradient(z!, { labels: [2, 0] }, { upstream: u! }),
    },
  },
  sqrt: one(sqrt, positive),
  square: one(square),
  sub: { ...two(sub), "from-a-number": { shapes: [[4]], apply: (x) => sub(0.5, x!) } },
  sum: {
    everything: { shapes: [[2, 3]], apply: (x) => sum(exp(x!)) },
    "a-middle-axis-kept": { shapes: [cube], apply: (x) => sum(square(x!), 1, { keepDims: true }) },
    "first-and-last": { shapes: [cube], apply: (x) => sum(square(x!), [0, -1]) },
  },
  tanh: one(tanh),
  transpose: {
    "three-axes": { shapes: [cube], apply: (x) => mul(transpose(x!, [1, 2, 0]), transpose(x!, [1, 2, 0])) },
  },
};
