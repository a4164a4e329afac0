import { expect, test } from "vitest";
import { lossPlot } from "./loss-plot.ts";

const epochs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    epoch: i + 1,
    loss: 1 / (i + 1),
    test: { loss: 1.1 / (i + 1), accuracy: 0.5 },
  }));
const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));

test("shows the test loss, with its epochs below and its losses beside it", () => {
  const text = lossPlot(epochs(8), { columns: 80 });
  expect(text).toMatch(/^test loss by epoch\n/);
  expect(text).toMatch(/^1\.100┤━/m);
  expect(text).toMatch(/^ +1 +2 +3 +4 +5 +6 +7 +8\n$/m);
  expect(text).not.toContain("\x1b");
});

test("shows the training loss too where colours tell the two apart", () => {
  expect(lossPlot(epochs(3), { colours: true })).toContain(
    "\x1b[32mtraining loss\x1b[39m and \x1b[33mtest loss\x1b[39m",
  );
});

test.each([2, 3, 9, 20, 100, 1000])("%d epochs fit 80 columns, and 40", (count) => {
  for (const columns of [80, 40]) expect(widest(lossPlot(epochs(count), { columns }))).toBeLessThanOrEqual(columns);
});

test("is left out where there is nothing to see, or no room", () => {
  expect(lossPlot(epochs(1), {})).toBe("");
  expect(lossPlot(epochs(9), { columns: 25 })).toBe("");
});
