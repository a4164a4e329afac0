import { max } from "@surprisal/core";
import { expect, test } from "vitest";
import { expectClose, expectRefused, openPlain } from "../../testing/claims.ts";
import { activation } from "../layers/activation.ts";
import { sequential } from "../layers/sequential.ts";
import { buildModel, type Model } from "../model/build-model.ts";
import { sgd } from "../optimizers/sgd.ts";
import { compile } from "./compile.ts";
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from "./losses.ts";
import type { Measure } from "./measure.ts";
import { type Metric, topKAccuracy } from "./metrics.ts";

/** What a metric says of logits, by way of a model that only applies a softmax. */
const score = async (
  logits: number[][],
  y: number[] | number[][],
  metric: Metric,
  given?: Measure,
): Promise<number> => {
  const device = await openPlain();
  const model = buildModel(device, sequential([activation("softmax")]), { inputShape: [logits[0]!.length] });
  const loss = given ?? (Array.isArray(y[0]) ? categoricalCrossentropy() : sparseCategoricalCrossentropy());
  const optimizer = (parameters: Model["parameters"]) => sgd(parameters, { learningRate: 0 });
  const logs = await compile(model, { optimizer, loss, metrics: [metric] }).evaluate(logits, y, { batchSize: 2 });
  return Object.values(logs)[1]!;
};

const logits = [
  [1, 3, 2],
  [5, 0, 0],
  [0, 0, 0],
  [40, 0, 41],
  [1, 2, 3],
];

test("accuracy counts rows whose first largest logit is the label's", async () => {
  expect(await score(logits, [1, 0, 0, 2, 0], "accuracy")).toBe(0.8);
  expect(await score(logits, [1, 0, 1, 2, 0], "acc")).toBe(0.6); // of equal ones, the first
  expect(await score(logits, [[1], [0], [0], [2], [0]], "accuracy", sparseCategoricalCrossentropy())).toBe(0.8);
  const oneHot = [1, 0, 0, 2, 0].map((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0)));
  expect(await score(logits, oneHot, "accuracy")).toBe(0.8);
});

test("top-k accuracy counts labels among the k first, in the order of the classes where they are equal", async () => {
  const rank = async (label: number, k: number, row = 2): Promise<number> =>
    score([logits[row]!], [label], topKAccuracy(k));
  expect([await rank(0, 1), await rank(1, 1), await rank(1, 2), await rank(2, 2), await rank(2, 3)]).toEqual([
    1, 0, 1, 0, 1,
  ]);
  expect(await score(logits, [2, 1, 2, 0, 0], topKAccuracy(2))).toBe(3 / 5);
  expect(await score(logits, [2, 1, 2, 0, 0], "top_k_categorical_accuracy")).toBe(1);
  expect(await score([[Number.NaN, 1, 2]], [0], topKAccuracy(2))).toBe(0);
  await expectRefused(
    () => score(logits, [[1, 0, 0]].concat(logits.slice(1)), topKAccuracy(1)),
    "SHAPE",
    "class indices",
  );
});

test("a metric of one's own reads the output, and a loss may be one too", async () => {
  const confidence: Metric = { name: "confidence", on: "output", rows: (output) => max(output, -1) };
  const sure = [1 / (1 + Math.exp(-1) + Math.exp(-2)), 1 / (1 + 2 * Math.exp(-5))];
  await expectClose([await score(logits.slice(0, 2), [1, 0], confidence)], [(sure[0]! + sure[1]!) / 2]);
  const unsmoothed = { ...sparseCategoricalCrossentropy(), name: "crossentropy" };
  await expectClose([await score([[0, 0, 0]], [1], unsmoothed)], [Math.log(3)]);
});
