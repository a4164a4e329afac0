/**
 * A dozen and a half answers that every backend must give: the kernels that models are made of, on inputs that are exact in
 * float32. The answers were computed from the formulas with 60 digits and rounded to float64; a test holds those of the
 * loss to the conformance kit's oracle.
 */
import type { Device } from "../device.ts";
import { valueAndGrad } from "../gradients/transforms.ts";
import { linearCrossEntropy } from "../loss/linear-cross-entropy.ts";
import { softmaxCrossEntropy } from "../loss/softmax-cross-entropy.ts";
import { relu, tanh } from "../ops/activations.ts";
import { add, exp, log1p } from "../ops/arithmetic.ts";
import { argmax } from "../ops/extremes.ts";
import { gather, scatterAdd } from "../ops/gather.ts";
import { matmul } from "../ops/matmul.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { concat } from "../ops/slice.ts";
import { sum } from "../ops/sum.ts";
import { transpose } from "../ops/transpose.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { adamUpdate } from "../updates/adam-update.ts";
import { parameterLike } from "../updates/parameter-like.ts";
import { sgdUpdate } from "../updates/sgd-update.ts";
import type { GoldenQuantity } from "./golden-tolerance.ts";

/** One answer that a backend must give. */
export interface GoldenRow {
  readonly id: string;
  readonly quantity: GoldenQuantity;
  readonly run: (device: Device) => Tensor;
  readonly answer: readonly number[];
  /** The size of the largest term that goes into the answers, where that is more than they are. */
  readonly terms?: number;
}

/** Four classes; the labels are the first, the last and one between. */
export const ENDS: { readonly logits: number[][]; readonly labels: number[] } = {
  logits: [
    [2, -1, 0.5, 0.25],
    [0, 3, 1, -2],
    [-0.5, 0.75, 1.5, 1.25],
  ],
  labels: [0, 3, 2],
};

/** Rows that overflow or cancel where the loss is not computed from differences. */
export const HOSTILE: { readonly logits: number[][]; readonly labels: number[] } = {
  logits: [
    [-500, 500, -500],
    [10002, 9999, 10000],
    [500, -500, 500],
  ],
  labels: [0, 0, 2],
};

export const SOFT: { readonly logits: number[][]; readonly probabilities: number[][] } = {
  logits: [
    [1, 2, 0.5],
    [-1, 0.25, 2],
    [0, 0, 0],
  ],
  probabilities: [
    [0.25, 0.5, 0.25],
    [0, 0, 1],
    [0.125, 0.375, 0.5],
  ],
};

export const SMOOTHED: { readonly classWeights: number[]; readonly labelSmoothing: number } = {
  classWeights: [1, 0.5, 2, 0.25],
  labelSmoothing: 0.125,
};

const A = [
  [1, 2, 3],
  [4, 5, 6],
];
const B = [
  [7, -8],
  [9, 10],
  [-11, 12],
];
const AB = [-8, 48, 7, 90];

/** The gradient of a sum of losses by what is first in `logits`. */
const gradientOf = (loss: (logits: Tensor) => Tensor, logits: Tensor): Tensor => valueAndGrad(loss)(logits).gradients;

const SGD = { learningRate: 0.25, momentum: 0.5, dampening: 0, nesterov: false, weightDecay: 0.5 };

const ADAM = {
  learningRate: 0.125,
  beta1: 0.5,
  beta2: 0.75,
  epsilon: 2 ** -10,
  weightDecay: 0.25,
  decoupled: true,
};

/** A parameter after two steps with the same gradient. */
function updated(device: Device, update: (parameter: Parameter, gradient: Tensor, slot: Parameter) => void): Tensor {
  const parameter = device.parameter([1, -2, 0.5]);
  const [gradient, slot] = [device.tensor([0.5, -0.25, 2]), parameterLike(parameter)];
  for (let step = 0; step < 2; step++) update(parameter, gradient, slot);
  return parameter;
}

const each = { reduction: "none" } as const;
const total = { reduction: "sum" } as const;

export const goldenRows: readonly GoldenRow[] = [
  {
    id: "golden/read",
    quantity: "exact",
    run: (device) => device.tensor([1.5, -2, 0, 16777215, -0.000030517578125]),
    answer: [1.5, -2, 0, 16777215, -0.000030517578125],
  },
  {
    id: "golden/matmul",
    quantity: "exact",
    run: (device) => matmul(device.tensor(A), device.tensor(B)),
    answer: AB,
  },
  {
    id: "golden/matmul of transposes",
    quantity: "exact",
    run(device) {
      const [a, b] = [device.tensor(A), device.tensor(B)];
      const [left, right] = [transpose(a), transpose(b)];
      return concat([
        matmul(left, b, { transposeA: true }),
        matmul(a, right, { transposeB: true }),
        matmul(left, right, { transposeA: true, transposeB: true }),
      ]);
    },
    answer: [...AB, ...AB, ...AB],
  },
  {
    id: "golden/sums and broadcasts",
    quantity: "exact",
    run(device) {
      const [a, row] = [device.tensor(A), device.tensor([0.5, -1, 2])];
      return concat([sum(add(a, row), 0), sum(add(a, row), 1), argmax(relu(add(a, row)), 1)]);
    },
    answer: [6, 5, 13, 7.5, 16.5, 2, 2],
  },
  {
    id: "golden/select",
    quantity: "exact",
    run: (device) => select(device.tensor([1, 0, 1]), device.tensor([1, 2, 3]), device.tensor([-1, -2, -3])),
    answer: [1, -2, 3],
  },
  {
    id: "golden/gather",
    quantity: "exact",
    run: (device) => gather(device.tensor(B), [2, 0, 2]),
    answer: [-11, 12, 7, -8, -11, 12],
  },
  {
    id: "golden/scatter",
    quantity: "exact",
    run: (device) => scatterAdd(device.tensor(B), [3, 1, 3], 4),
    answer: [0, 0, 9, 10, 0, 0, -4, 4],
  },
  {
    id: "golden/functions",
    quantity: "elementary",
    run: (device) => concat([exp(device.tensor([-2])), log1p(device.tensor([2 ** -20])), tanh(device.tensor([0.5]))]),
    answer: [0.1353352832366127, 9.536738616591883e-7, 0.46211715726000974],
  },
  {
    id: "golden/loss with labels at both ends",
    quantity: "loss",
    run: (device) => softmaxCrossEntropy(device.tensor(ENDS.logits), { labels: ENDS.labels }, each),
    answer: [0.3692789984482534, 5.175515362616714, 0.869828954906762],
  },
  {
    id: "golden/gradient with labels at both ends",
    quantity: "gradient",
    run: (device) =>
      gradientOf((z) => softmaxCrossEntropy(z, { labels: ENDS.labels }, total), device.tensor(ENDS.logits)),
    answer: [
      -0.30876746925846926, 0.034414441266120206, 0.1542348252841622, 0.12011820270818684, 0.04177257051535045,
      0.839024507462532, 0.11354961935990122, -0.9943466973377837, 0.056708625482481456, 0.19793255158012027,
      -0.5809767850166963, 0.32633560795409455,
    ],
  },
  {
    id: "golden/loss of hostile rows",
    quantity: "loss",
    run: (device) => softmaxCrossEntropy(device.tensor(HOSTILE.logits), { labels: HOSTILE.labels }, each),
    answer: [1000, 0.16984601955628564, Math.LN2],
  },
  {
    id: "golden/gradient of hostile rows",
    quantity: "gradient",
    run: (device) =>
      gradientOf((z) => softmaxCrossEntropy(z, { labels: HOSTILE.labels }, total), device.tensor(HOSTILE.logits)),
    answer: [-1, 1, 0, -0.15620526551866054, 0.04201006613406605, 0.11419519938459448, 0.5, 0, -0.5],
  },
  {
    id: "golden/loss of a confident row",
    quantity: "confident loss",
    run: (device) => softmaxCrossEntropy(device.tensor([[50, 0, 0]]), { labels: [0] }, each),
    answer: [3.8574996959278356e-22],
  },
  {
    id: "golden/gradient of a confident row",
    quantity: "confident gradient",
    run: (device) => gradientOf((z) => softmaxCrossEntropy(z, { labels: [0] }, total), device.tensor([[50, 0, 0]])),
    answer: [-3.8574996959278356e-22, 1.9287498479639178e-22, 1.9287498479639178e-22],
  },
  {
    id: "golden/loss of a long row",
    quantity: "loss",
    run: (device) => softmaxCrossEntropy(device.tensor(new Float32Array(5000), [1, 5000]), { labels: [4999] }, each),
    answer: [8.517193191416238],
  },
  {
    id: "golden/loss with probabilities",
    quantity: "soft loss",
    run(device) {
      const probabilities = device.tensor(SOFT.probabilities);
      return softmaxCrossEntropy(device.tensor(SOFT.logits), { probabilities }, each);
    },
    answer: [1.089368784107945, 0.20176546928443306, 1.0986122886681098],
    terms: 1.5,
  },
  {
    id: "golden/gradient with probabilities",
    quantity: "soft gradient",
    run(device) {
      const probabilities = device.tensor(SOFT.probabilities);
      return gradientOf((z) => softmaxCrossEntropy(z, { probabilities }, total), device.tensor(SOFT.logits));
    },
    answer: [
      -0.018776102377850934, 0.12853171921176246, -0.10975561683391151, 0.040690303047394745, 0.14202311267846235,
      -0.18271341572585711, 0.20833333333333334, -0.041666666666666664, -0.16666666666666666,
    ],
    terms: 1,
  },
  {
    id: "golden/loss with smoothing and weights",
    quantity: "soft loss",
    run: (device) => softmaxCrossEntropy(device.tensor(ENDS.logits), { labels: ENDS.labels }, { ...SMOOTHED, ...each }),
    answer: [0.5206908812728764, 1.4105246921290526, 1.7003056267399699],
    terms: 2,
  },
  {
    id: "golden/gradients of a linear head",
    quantity: "derived",
    run(device) {
      const x = device.tensor([
        [1, 0.5],
        [-1, 2],
        [0.25, -0.75],
      ]);
      const w = device.tensor([
        [0.5, -1, 0.25],
        [1, 0.75, -0.5],
      ]);
      const b = device.tensor([0.125, 0, -0.25]);
      const loss = (p: { w: Tensor; b: Tensor }): Tensor => linearCrossEntropy(x, p.w, p.b, { labels: [2, 0, 1] });
      const { gradients } = valueAndGrad(loss)({ w, b });
      return concat([gradients.w, reshape(gradients.b, [1, 3])]);
    },
    answer: [
      0.49256612808725897, -0.25860203173976554, -0.23396409634749343, -0.4233976617457886, 0.685656964968928,
      -0.26225930322313945, 0.08673753137790877, 0.005079583885400415, -0.09181711526330918,
    ],
    terms: 2,
  },
  {
    id: "golden/sgd",
    quantity: "update",
    run: (device) => updated(device, (p, g, velocity) => sgdUpdate(p, g, velocity, SGD)),
    answer: [0.40625, -1.2578125, -0.8359375],
    terms: 2,
  },
  {
    id: "golden/adam",
    quantity: "update",
    run(device) {
      const variance = device.parameter([0, 0, 0]);
      let step = 0;
      return updated(device, (p, g, mean) => {
        step++;
        adamUpdate(p, g, mean, variance, { ...ADAM, step });
      });
    },
    answer: [0.6928625274122807, -1.631816938229572, 0.22326463556918008],
    terms: 2,
  },
];
