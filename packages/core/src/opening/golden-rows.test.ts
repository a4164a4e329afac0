import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { exactSoftmaxCrossEntropy, type Quantity, tolerance } from "@surprisal/conformance";
import { describe, expect, it, test } from "vitest";
import type { Backend, BackendProvider, PrecisionClass } from "../backend.ts";
import { ENDS, goldenRows, HOSTILE, SMOOTHED, SOFT } from "./golden-rows.ts";
import { allowedError, GOLDEN_BOUNDS, type GoldenQuantity } from "./golden-tolerance.ts";
import { verifyGolden } from "./verify-golden.ts";

const answerOf = (id: string): readonly number[] => goldenRows.find((row) => row.id === `golden/${id}`)!.answer;

describe("the answers of the loss are those of the kit's oracle", () => {
  const labelled = ({ logits, labels }: typeof ENDS) => ({
    logits: Float64Array.from(logits.flat()),
    labels: Int32Array.from(labels),
    rows: labels.length,
    classes: logits[0]!.length,
  });
  const soft = { ...labelled({ ...SOFT, labels: [0, 0, 0] }), labels: undefined };
  const { classWeights, labelSmoothing: smoothing } = SMOOTHED;
  it.each<[string, Parameters<typeof exactSoftmaxCrossEntropy>[0], "rowLoss" | "gradient"]>([
    ["loss with labels at both ends", labelled(ENDS), "rowLoss"],
    ["gradient with labels at both ends", labelled(ENDS), "gradient"],
    ["loss of hostile rows", labelled(HOSTILE), "rowLoss"],
    ["gradient of hostile rows", labelled(HOSTILE), "gradient"],
    ["loss of a confident row", labelled({ logits: [[50, 0, 0]], labels: [0] }), "rowLoss"],
    ["gradient of a confident row", labelled({ logits: [[50, 0, 0]], labels: [0] }), "gradient"],
    ["loss of a long row", labelled({ logits: [new Array(5000).fill(0)], labels: [4999] }), "rowLoss"],
    ["loss with probabilities", { ...soft, probabilities: Float64Array.from(SOFT.probabilities.flat()) }, "rowLoss"],
    [
      "gradient with probabilities",
      { ...soft, probabilities: Float64Array.from(SOFT.probabilities.flat()) },
      "gradient",
    ],
    [
      "loss with smoothing and weights",
      { ...labelled(ENDS), classWeights: Float64Array.from(classWeights), smoothing },
      "rowLoss",
    ],
  ])("%s", (id, problem, output) => {
    const { values: expected, terms } = exactSoftmaxCrossEntropy(problem)[output];
    const answer = answerOf(id);
    expect(answer.length).toBe(expected.length);
    for (const [i, number] of answer.entries()) {
      const size = Math.max(Math.abs(number), (terms as Float64Array)[i]!);
      expect(Math.abs(number - expected[i]!), `number ${i}`).toBeLessThanOrEqual(2 ** -52 * size);
    }
  });
});

test("the bounds are the kit's", () => {
  for (const [precision, bounds] of Object.entries(GOLDEN_BOUNDS)) {
    for (const [quantity, bound] of Object.entries(bounds)) {
      const { ulp, at, scaled } = tolerance(precision as PrecisionClass, quantity as Quantity);
      expect(bound, `${precision}: ${quantity}`).toEqual({ ulp, at: ulp === 0 ? "value" : at, scaled });
    }
  }
});

test.each<[string, BackendProvider]>([
  ["plain, float64", plain({ precision: "f64" })],
  ["plain, rounded", plain()],
  ["cpu, strict", cpu({ variant: "strict" })],
  ["cpu", cpu()],
])("%s passes, and nothing is left on it", async (_, provider) => {
  const backend = (await provider.open({ onError: () => {} })) as Backend;
  let alive = 0;
  const counted: Backend = {
    ...backend,
    alloc(kind, length) {
      alive++;
      return backend.alloc(kind, length);
    },
    free(handle) {
      alive--;
      backend.free(handle);
    },
  };
  expect(await verifyGolden(counted)).toEqual({ cases: goldenRows.length });
  expect(alive).toBe(0);
  await backend.close();
});

describe("each golden row is refused", () => {
  it.each(goldenRows.map(({ id, ...row }) => [id, row] as const))("%s, when a number is off", async (id, row) => {
    for (const i of row.answer.keys()) {
      const backend = await offBy(row.answer[i]!, i, allowed(row.quantity, row.answer[i]!, row.terms));
      expect((await verifyGolden(backend)).fault?.id, `number ${i}`).toBeDefined();
      expect(id).toMatch(/^golden\//);
      await backend.close();
    }
  });
});

const allowed = (quantity: GoldenQuantity, answer: number, terms = 0): number =>
  allowedError("f64", quantity, answer, terms);

/** Plain in float64 that reads one number of a certain value wrong, by three times what is allowed. */
async function offBy(value: number, index: number, error: number): Promise<Backend> {
  const backend = (await (plain({ precision: "f64" }) as BackendProvider).open({ onError: () => {} })) as Backend;
  return {
    ...backend,
    async read(handle) {
      const numbers = await backend.read(handle);
      const isIt = Math.abs(numbers[index]! - value) <= error;
      if (isIt) numbers[index] = value + Math.max(3 * error, Math.abs(value) * 1e-13, 1e-300);
      return numbers;
    },
  };
}
