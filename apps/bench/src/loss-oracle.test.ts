import { exactSoftmaxCrossEntropy, randomNumbers } from "@surprisal/conformance";
import { describe, expect, test } from "vitest";
import { exactRow } from "./loss-oracle.ts";
import { makeBatch, targetKinds, targetOf } from "./ulp/batch.ts";
import { rowClasses } from "./ulp/row-classes.ts";

describe("agrees with the conformance kit's oracle to 1e-13", () => {
  for (const kind of targetKinds) {
    test.each(rowClasses.map((rowClass) => [rowClass.name, rowClass] as const))(`${kind}, %s`, (name, rowClass) => {
      for (const classes of [2, 3, 10, 257].filter((count) => rowClass.fits?.(count) ?? true)) {
        const batch = makeBatch(kind, rowClass, 20, classes, randomNumbers("oracle", kind, name, classes));
        const { rowLoss, gradient } = exactSoftmaxCrossEntropy({
          ...batch,
          labels: kind === "probabilities" ? undefined : batch.labels,
        });
        const exact = new Float64Array(classes);
        const targets = new Float64Array(classes);
        for (let r = 0; r < batch.rows; r++) {
          const target = targetOf(batch, r, targets);
          const { loss, lossTerms } = exactRow(batch.logits, r * classes, classes, target, 1, exact);
          expectNear(loss, rowLoss.values[r]!, rowLoss.terms as Float64Array, r);
          expectNear(lossTerms, (rowLoss.terms as Float64Array)[r]!, rowLoss.terms as Float64Array, r);
          for (let j = 0; j < classes; j++) {
            const i = r * classes + j;
            expectNear(exact[j]!, gradient.values[i]!, gradient.terms as Float64Array, i);
          }
        }
      }
    });
  }
});

function expectNear(actual: number, expected: number, terms: Float64Array, i: number): void {
  if (actual === expected) return;
  expect(Math.abs(actual - expected), `${actual} for ${expected}`).toBeLessThanOrEqual(1e-13 * terms[i]!);
}
