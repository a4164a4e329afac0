import { type LossOptions, softmaxCrossEntropy, type Tensor } from "@surprisal/core";
import type { Case } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { near } from "./stated.ts";

const { quick } = caseGroup("loss/golden");

/** Two rows [1, 2, 3] with labels 0 and 2, as another system answers. Six digits were printed. */
interface Golden {
  readonly options: LossOptions;
  /** Whether the targets were one-hot probabilities. */
  readonly dense?: boolean;
  readonly loss: readonly number[];
  readonly gradient?: readonly number[];
  readonly byTargets?: readonly number[];
}

const weights = [1, 2, 4];

/** Where PyTorch and Keras agree with docs/semantics.md. */
const measured: Readonly<Record<string, Golden>> = {
  // As PyTorch 2.13, measured.
  "torch-weighted-mean-divides-by-the-labels-weights": {
    options: { classWeights: weights },
    loss: [0.807606],
    gradient: [-0.181994, 0.048946, 0.133048, 0.072024, 0.195783, -0.267807],
  },
  "torch-weighted-and-smoothed-mean": {
    options: { classWeights: weights, labelSmoothing: 0.1 },
    loss: [0.818222],
    gradient: [-0.16626, 0.042138, 0.124121, 0.062357, 0.174292, -0.236649],
  },
  "torch-weighted-and-smoothed-rows": {
    options: { classWeights: weights, labelSmoothing: 0.1, reduction: "none" },
    loss: [2.395287, 1.695823],
    gradient: [-0.831299, 0.210692, 0.620606, 0.311784, 0.871459, -1.183243],
  },
  "torch-dense-weighted-mean-divides-by-the-rows": {
    options: { classWeights: weights },
    dense: true,
    loss: [2.019015],
    gradient: [-0.454985, 0.122364, 0.332621, 0.180061, 0.489457, -0.669518],
    byTargets: [1.203803, 1.407606, 0.815212, 1.203803, 1.407606, 0.815212],
  },
  "torch-dense-weighted-and-smoothed-mean": {
    options: { classWeights: weights, labelSmoothing: 0.1 },
    dense: true,
    loss: [2.045555],
    gradient: [-0.415649, 0.105346, 0.310303, 0.155892, 0.43573, -0.591621],
    byTargets: [1.083423, 1.266845, 0.733691, 1.083423, 1.266845, 0.733691],
  },
  "torch-one-row-ignored": {
    options: { ignoreIndex: 0 },
    loss: [0.407606],
    gradient: [0, 0, 0, 0.090031, 0.244728, -0.334759],
  },
  // As Keras 3.15, measured.
  "keras-one-row-ignored-rows": { options: { ignoreIndex: 0, reduction: "none" }, loss: [0, 0.407606] },
  "keras-every-row-ignored-has-mean-0": { options: { ignoreIndex: [0, 2] }, loss: [0] },
  "keras-smoothed-rows": {
    options: { labelSmoothing: 0.1, reduction: "none" },
    dense: true,
    loss: [2.307606, 0.507606],
  },
};

const hessian = [
  [0.08192508, -0.02203305, -0.05989203],
  [-0.02203305, 0.18483645, -0.1628034],
  [-0.05989203, -0.1628034, 0.22269544],
];
/** Row k, column i: ∂(∂ℓ/∂z_k)/∂T_i. */
const mixed = [
  [-0.90996945, 0.09003058, 0.09003058],
  [0.24472849, -0.7552715, 0.24472849],
  [0.66524094, 0.66524094, -0.33475906],
];

/** Other systems' numbers, copied from what they printed. */
export const goldenCases: readonly Case[] = [
  ...Object.entries(measured).map(([name, { options, dense, loss, gradient, byTargets }]) =>
    quick(name, (t) =>
      inScope(t, async (scope) => {
        const z = scope.tensor([
          [1, 2, 3],
          [1, 2, 3],
        ]);
        const oneHot = scope.tensor([
          [1, 0, 0],
          [0, 0, 1],
        ]);
        const of = (y: Tensor, q: Tensor): Tensor =>
          softmaxCrossEntropy(y, dense ? { probabilities: q } : { labels: [0, 2] }, options);
        const ones = options.reduction === "none" ? scope.tensor([1, 1]) : undefined;
        const { value, gradients } = scope.vjp(([y, q]) => of(y!, q!), [z, oneHot], ones);
        near(t, await t.read(value), loss, 1.5e-6, "loss");
        if (gradient) near(t, await t.read(gradients[0]!), gradient, 1.5e-6, "gradient");
        if (byTargets) near(t, await t.read(gradients[1]!), byTargets, 1.5e-6, "gradient by the targets");
      }),
    ),
  ),
  // As TF 2.21, PyTorch 2.13 and optax 0.2.8, measured.
  quick("torch-hessian", (t) =>
    inScope(t, async (scope) => {
      const z = scope.tensor([1, 2, 3]);
      for (const [i, column] of hessian.entries()) {
        const v = scope.tensor([0, 1, 2].map((j) => (i === j ? 1 : 0)));
        const { products } = scope.hvp((y) => softmaxCrossEntropy(y, { labels: 2 }), z, v);
        near(t, await t.read(products), column, 2e-7, `column ${i}`);
      }
    }),
  ),
  // As PyTorch 2.13, measured; TF 2.21 answers 0.
  quick("torch-mixed-derivative", (t) =>
    inScope(t, async (scope) => {
      const [z, q] = [scope.tensor([1, 2, 3]), scope.tensor([0, 0, 1])];
      for (const [i, row] of mixed.entries()) {
        const v = scope.tensor([0, 1, 2].map((j) => (i === j ? 1 : 0)));
        const along = (y: Tensor, p: Tensor) => softmaxCrossEntropy(y, { probabilities: p });
        const { products } = scope.hvp((x) => along(x[0]!, x[1]!), [z, q], [v, scope.tensor([0, 0, 0])]);
        near(t, await t.read(products[1]!), row, 2e-7, `row ${i}`);
      }
    }),
  ),
];
