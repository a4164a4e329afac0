/** docs/semantics.md §4: softmax output given as logits is warned of, in development, once a device. */
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { openPlain } from "../../testing/claims.ts";
import { type Device, softmax, softmaxCrossEntropy } from "../index.ts";

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

/** The loss of some rows, and of the same rows once more, read so that every warning has come. */
async function lossOf(device: Device, rows: number[][], apply = softmax): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const loss = softmaxCrossEntropy(apply(device.tensor(rows)), { labels: rows.map(() => 0) });
    await loss.item();
  }
}

const rows = [
  [1, 2, 3],
  [0, -4, 1e-3],
];

test.each(["f32", "f64"] as const)("softmax output given as logits is warned of, once, in %s", async (precision) => {
  await lossOf(await openPlain(precision), rows);
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining("softmaxCrossEntropy: every row of the logits lies in [0, 1]")],
  ]);
});

test("logits are not: one row outside [0, 1], one that does not sum to 1, or a NaN", async () => {
  for (const last of [
    [1.5, -0.5, 0],
    [0.2, 0.3, 0.4],
    [Number.NaN, 0.5, 0.5],
  ]) {
    await lossOf(await openPlain(), [[0.25, 0.25, 0.5], last], (x) => x);
  }
  expect(warn).not.toHaveBeenCalled();
});
