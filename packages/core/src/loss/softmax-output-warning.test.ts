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
    [-0.5, 0.75, 0.75],
    [1 + 5e-7, 0, 0],
  ]) {
    await lossOf(await openPlain(), [[0.25, 0.25, 0.5], last], (x) => x);
  }
  expect(warn).not.toHaveBeenCalled();
});

test("one-hot rows are, of any rank", async () => {
  await lossOf(await openPlain(), [[0, 1, 0]], (x) => x);
  expect(warn).toHaveBeenCalledTimes(1);
  const device = await openPlain();
  const cube = device.tensor([[[0.25, 0.25, 0.5]], [[0, 0, 1]]]);
  await softmaxCrossEntropy(cube, { labels: [0, 0] }).item();
  await softmaxCrossEntropy(cube, { labels: [0, 0] }).item();
  expect(warn).toHaveBeenCalledTimes(2);
  await lossOf(await openPlain(), [[0.5, 0.5]], (x) => x);
  expect(warn).toHaveBeenCalledTimes(3);
});

test("no rows, rows of one class and classes on another axis say nothing", async () => {
  for (const [logits, labels, axis] of [
    [[] as number[][], [], -1],
    [[[1], [1]], [0, 0], -1],
    [
      [
        [
          [1, 0],
          [0, 1],
        ],
      ],
      [[0, 1]],
      1,
    ],
  ] as const) {
    const device = await openPlain();
    const z =
      logits.length === 0
        ? device.tensor({ data: new Float64Array(0), shape: [0, 3] })
        : device.tensor(logits as never);
    for (let i = 0; i < 2; i++) await softmaxCrossEntropy(z, { labels: labels as never }, { axis }).item();
  }
  expect(warn).not.toHaveBeenCalled();
});
