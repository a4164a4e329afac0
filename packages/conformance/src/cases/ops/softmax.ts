import type { Tensor } from "@surprisal/core";
import { logSoftmax, logSumExp, softmax } from "@surprisal/core/ops";
import { type CaseContext, strictNonFinite } from "../../case.ts";
import { at, type ExpectedArray, fromCoordinates, type NdArray, permute } from "../../oracle/nd-array.ts";
import { softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import { type CasesByOp, inScope, type OpCases, opCases } from "./op-case.ts";

/** A row's maximum, the first index of it, and the complement sum, from the oracle of the loss. */
interface RowState {
  readonly maximum: number;
  readonly argmax: number;
  readonly rest: number;
}

function stateOf(row: readonly number[]): RowState {
  const { state } = softmaxCrossEntropy({ rows: 1, classes: row.length, logits: row });
  return { maximum: state.values[0]!, argmax: state.values[1]!, rest: state.values[2]! };
}

type Point = (z: number, j: number, state: RowState) => readonly [value: number, terms: number];

// A rounded z − m costs |z − m| roundings in its exp.
const probability: Point = (z, _, { maximum, rest }) => {
  const value = Math.exp(z - maximum) / (1 + rest);
  return [value, value * (1 + Math.abs(z - maximum))];
};
const logProbability: Point = (z, j, { maximum, argmax, rest }) => {
  const value = j === argmax ? -Math.log1p(rest) : z - maximum - Math.log1p(rest);
  return [value, Math.abs(value)];
};

/** A function of a row's elements and its state, along an axis. */
const along =
  (axis: number, point: Point) =>
  (x: NdArray): ExpectedArray => {
    const one = (coordinates: readonly number[]) => {
      const row = Array.from({ length: x.shape[axis]! }, (_, j) => at(x, coordinates.with(axis, j)));
      const j = coordinates[axis]!;
      return point(row[j]!, j, stateOf(row));
    };
    const { values } = fromCoordinates(x.shape, (c) => one(c)[0]);
    return { shape: x.shape, values, terms: fromCoordinates(x.shape, (c) => one(c)[1]).values };
  };

const logSum =
  (axes: readonly number[], shape: readonly number[]) =>
  (x: NdArray): ExpectedArray => {
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const { data } = permute(x, [...kept, ...axes]);
    const length = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    const states = Array.from({ length: data.length / length }, (_, r) =>
      stateOf(Array.from(data).slice(r * length, (r + 1) * length)),
    );
    return {
      shape,
      values: states.map(({ maximum, rest }) => maximum + Math.log1p(rest)),
      terms: states.map(({ maximum, rest }) => Math.abs(maximum) + Math.log1p(rest)),
    };
  };

const overAxes = (op: (x: Tensor, axis?: number) => Tensor, point: Point): OpCases => ({
  "the-last-axis": { shapes: [[4, 3]], apply: (x) => op(x!), expected: along(1, point), quantity: "derived" },
  "the-first-axis": { shapes: [[4, 3]], apply: (x) => op(x!, 0), expected: along(0, point), quantity: "derived" },
  "a-middle-axis": { shapes: [[2, 3, 4]], apply: (x) => op(x!, 1), expected: along(1, point), quantity: "derived" },
  "a-vector": { shapes: [[10]], apply: (x) => op(x!), expected: along(0, point), quantity: "derived" },
  "one-class": { shapes: [[4, 1]], apply: (x) => op(x!), expected: along(1, point), quantity: "derived" },
  "equal-at-1e6": {
    shapes: [[4, 3]],
    numbers: () => 1e6,
    apply: (x) => op(x!),
    expected: along(1, point),
    quantity: "derived",
  },
});

const rows = (values: readonly (readonly number[])[]) => values.flat();
const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

/** Rows without a distribution, beside one with: −∞ throughout, a +∞, a NaN. */
const broken = [
  [-infinity, -infinity, -infinity],
  [0, infinity, 1],
  [nan, 0, 1],
  [-infinity, 0, 0],
];

/** [margin, 0, 0]: the likeliest class has −log p = log1p(2·e^−margin), which is 0 wherever 1 is subtracted from 1. */
async function confident(t: CaseContext, margin: number): Promise<void> {
  const rest = 2 * Math.exp(-margin);
  const growth = 1 + margin / 10;
  const relative = (values: readonly number[]) => ({ values, scale: values.map((v) => Math.abs(v) * growth) });
  await inScope(t, async (scope) => {
    const x = scope.tensor([margin, 0, 0]);
    const p = Math.exp(-margin) / (1 + rest);
    const judgement = t.judge("confident curvature");
    t.check(await t.read(softmax(x)), relative([1 / (1 + rest), p, p]), judgement, "softmax");
    const expected = [-Math.log1p(rest), -margin - Math.log1p(rest), -margin - Math.log1p(rest)];
    t.check(await t.read(logSoftmax(x)), relative(expected), judgement, "logSoftmax");
    t.check(await t.read(logSumExp(x)), relative([margin + Math.log1p(rest)]), judgement, "logSumExp");
  });
}

/** Softmax and its logarithms. */
export const softmaxCases: CasesByOp<"softmax" | "logSoftmax" | "logSumExp"> = {
  softmax: opCases("softmax", {
    ...overAxes(softmax, probability),
    "row-without-a-distribution": {
      shapes: [[4, 3]],
      numbers: (_, i) => rows(broken)[i]!,
      apply: (x) => softmax(x!),
      expected: () => ({ shape: [4, 3], values: [...Array(9).fill(nan), 0, 0.5, 0.5] }),
      quantity: "derived",
      needs: strictNonFinite,
    },
  }),
  logSoftmax: opCases("logSoftmax", {
    ...overAxes(logSoftmax, logProbability),
    "confident-5": (t) => confident(t, 5),
    "confident-17": (t) => confident(t, 17),
    "confident-50": (t) => confident(t, 50),
    "row-without-a-distribution": {
      shapes: [[4, 3]],
      numbers: (_, i) => rows(broken)[i]!,
      apply: (x) => logSoftmax(x!),
      expected: () => ({ shape: [4, 3], values: [...Array(9).fill(nan), -infinity, -Math.LN2, -Math.LN2] }),
      quantity: "derived",
      needs: strictNonFinite,
    },
  }),
  logSumExp: opCases("logSumExp", {
    "every-axis": { shapes: [[4, 3]], apply: (x) => logSumExp(x!), expected: logSum([0, 1], []), quantity: "derived" },
    "the-last-axis": {
      shapes: [[4, 3]],
      apply: (x) => logSumExp(x!, -1),
      expected: logSum([1], [4]),
      quantity: "derived",
    },
    "the-first-axis-kept": {
      shapes: [[4, 3]],
      apply: (x) => logSumExp(x!, 0, { keepDims: true }),
      expected: logSum([0], [1, 3]),
      quantity: "derived",
    },
    "first-and-last": {
      shapes: [[2, 3, 4]],
      apply: (x) => logSumExp(x!, [0, 2]),
      expected: logSum([0, 2], [3]),
      quantity: "derived",
    },
    // As torch.logsumexp: −∞ and +∞ are answers here.
    "row-without-a-distribution": {
      shapes: [[4, 3]],
      numbers: (_, i) => rows(broken)[i]!,
      apply: (x) => logSumExp(x!, -1),
      expected: () => ({ shape: [4], values: [-infinity, infinity, nan, Math.LN2] }),
      quantity: "derived",
      needs: strictNonFinite,
    },
  }),
};
