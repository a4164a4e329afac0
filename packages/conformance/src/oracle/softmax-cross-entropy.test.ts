import { expect, test } from "vitest";
import {
  type LossProblem,
  lossHessianVector,
  lossMixedVector,
  lossTargetGradient,
  softmaxCrossEntropy,
} from "./softmax-cross-entropy.ts";

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;

function one(logits: readonly number[], target: number | readonly number[], more: Partial<LossProblem> = {}) {
  const targets = typeof target === "number" ? { labels: [target] } : { probabilities: target };
  const { rowLoss, gradient, state } = softmaxCrossEntropy({
    rows: 1,
    classes: logits.length,
    logits,
    ...targets,
    ...more,
  });
  return { loss: rowLoss.values[0]!, gradient: Array.from(gradient.values), state: Array.from(state.values) };
}

function close(actual: readonly number[], expected: readonly number[], digits: number): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    if (Number.isFinite(value)) expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(10 ** -digits);
    else expect(actual[i]).toBe(value);
  }
}

test("an ordinary row is as in TF 2.21, PyTorch 2.13 and ONNX 1.23, measured", () => {
  const { loss, gradient } = one([1, 2, 3], 2);
  close([loss], [0.40760598], 7);
  close(gradient, [0.09003057, 0.24472848, -0.33475906], 7);
});

test("±500 and ±1e30 are exact, as in PyTorch 2.13, measured", () => {
  expect(one([500, -500, 0], 1).loss).toBe(1000);
  // float64 still knows e^−500 ≈ 7e-218.
  close(one([500, -500, 0], 1).gradient, [1, -1, 0], 100);
  expect(one([-500, 500, -500], 0)).toMatchObject({ loss: 1000, gradient: [-1, 1, 0] });
  expect(one([-500, 500, -500], 1).loss).toBe(0);
  expect(one([1e30, -1e30, 0], 1)).toMatchObject({ loss: 2e30, gradient: [1, -1, 0] });
});

test("a common offset changes nothing: the exact value of offset-dtype-shape.txt", () => {
  for (const offset of [0, 1e4, 1e6]) close([one([2 + offset, -1 + offset], 0).loss], [0.04858735157374196], 15);
});

test("margins 5 to 50 are as in the float64 reference of second-order-and-precision.txt", () => {
  const golden = [
    [5, 0.013385901721448903, -0.013296708957732007],
    [10, 9.079573746724446e-5, -9.079161565902183e-5],
    [17, 8.279875094788666e-8, -8.279874752007019e-8],
    [50, 3.8574996959278356e-22, -3.8574996959278356e-22],
  ] as const;
  for (const [margin, loss, gradient] of golden) {
    const row = one([margin, 0, 0], 0);
    expect(Math.abs(row.loss / loss - 1)).toBeLessThan(1e-14);
    expect(Math.abs(row.gradient[0]! / gradient - 1)).toBeLessThan(1e-14);
  }
});

test("minus infinity beside and at the label is as in PyTorch 2.13, measured", () => {
  close([one([-infinity, 0, 1], 1).loss], [1.313262], 6);
  close(one([-infinity, 0, 1], 1).gradient, [0, -0.731059, 0.731059], 6);
  expect(one([-infinity, 0, 1], 0).loss).toBe(infinity);
  close(one([-infinity, 0, 1], 0).gradient, [-1, 0.268941, 0.731059], 6);
});

test("a row of minus infinities, of +infinity or NaN is NaN, and its state says why", () => {
  expect(one([-infinity, -infinity], 0)).toMatchObject({ loss: nan, gradient: [nan, nan], state: [-infinity, -1, 0] });
  expect(one([0, infinity], 0)).toMatchObject({ loss: nan, gradient: [nan, nan], state: [infinity, 1, nan] });
  expect(one([nan, infinity], 0)).toMatchObject({ loss: nan, gradient: [nan, nan], state: [nan, -1, nan] });
});

test("an ignored row is 0 whatever it holds", () => {
  expect(one([nan, infinity], -1)).toMatchObject({ loss: 0, gradient: [0, 0], state: [-infinity, -1, 0] });
});

test("one class has loss and gradient 0", () => {
  expect(one([7], 0)).toMatchObject({ loss: 0, gradient: [0] });
});

test("unnormalised targets have the gradient S·p − T, as PyTorch and docs/semantics.md §4 have it", () => {
  const { loss, gradient } = one([1, 2, 3], [1, 1, 0]);
  close([loss], [3.8152118], 6);
  close(gradient, [-0.81993884, -0.5105431, 1.3304819], 6);
  expect(one([1, 2, 3], [0, 0, 0])).toMatchObject({ loss: 0, gradient: [0, 0, 0] });
  expect(one([-infinity, 2, 3], [0, 1, 0]).loss).toBeCloseTo(1.3132617, 6);
});

test("the class weight of the label multiplies its row, as in ONNX Runtime 1.30, measured", () => {
  // w = [·, ·, 1] on row 0 and [4] …: rows of loss 2.407606 and 0.407606·4 = 1.630424.
  close([one([1, 2, 3], 0, { classWeights: [1, 2, 4] }).loss], [2.407606], 6);
  close([one([1, 2, 3], 2, { classWeights: [1, 2, 4] }).loss], [1.6304239], 6);
});

test("a vocabulary of 2^20 equal logits has the loss ln C", () => {
  const classes = 2 ** 20;
  expect(one(Array(classes).fill(3), 7).loss).toBeCloseTo(20 * Math.LN2, 13);
});

test("the Hessian is that of second-order-and-precision.txt (TF, PyTorch, optax agree)", () => {
  const hessian = [
    [0.08192508, -0.02203305, -0.05989203],
    [-0.02203305, 0.18483645, -0.1628034],
    [-0.05989203, -0.1628034, 0.22269544],
  ];
  for (const [i, column] of hessian.entries()) {
    const v = [0, 1, 2].map((j) => (i === j ? 1 : 0));
    const { values } = lossHessianVector({ rows: 1, classes: 3, logits: [1, 2, 3], labels: [2] }, v);
    close(Array.from(values), column, 7);
  }
});

test("the mixed derivative is ⟨p, v⟩ − v, where TF 2.21 answers 0 (PyTorch 2.13, measured)", () => {
  const golden = [
    [-0.90996945, 0.09003058, 0.09003058],
    [0.24472849, -0.7552715, 0.24472849],
    [0.66524094, 0.66524094, -0.33475906],
  ];
  for (const [i, row] of golden.entries()) {
    const v = [0, 1, 2].map((j) => (i === j ? 1 : 0));
    const { values } = lossMixedVector({ rows: 1, classes: 3, logits: [1, 2, 3], probabilities: [0, 0, 1] }, v);
    close(Array.from(values), row, 7);
  }
});

test("the derivative by the targets is −log p (tfjs-cpu.txt states the true values)", () => {
  const { values } = lossTargetGradient({ rows: 1, classes: 3, logits: [1, 2, 3], probabilities: [0, 0, 1] });
  close(Array.from(values), [2.4076, 1.4076, 0.4076], 4);
});

test("inner classes, row scale and host scale are laid out as the contract says", () => {
  // [1, 3, 2]: the class axis in the middle, two positions behind it.
  const logits = [1, 30, 2, 20, 3, 10];
  const { gradient, rowLoss } = softmaxCrossEntropy({
    rows: 2,
    classes: 3,
    inner: 2,
    logits,
    labels: [2, 0],
    rowScale: [1, 2],
    scale: 0.5,
  });
  close([rowLoss.values[0]!], [0.40760598], 7);
  close([gradient.values[0]!, gradient.values[2]!, gradient.values[4]!], [0.045015285, 0.12236424, -0.16737953], 7);
  expect(gradient.values[1]).toBeCloseTo(-4.5399e-5, 8);
});
