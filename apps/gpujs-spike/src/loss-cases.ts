import type { Case } from "./case.ts";
import { integers, normals } from "./random.ts";

interface LossOptions {
  readonly dense?: boolean;
  readonly smoothing?: number;
  readonly weights?: boolean;
  readonly rowScale?: boolean;
  readonly ignored?: boolean;
  readonly alias?: boolean;
  readonly scale?: number;
}

/** docs/semantics.md §7's GPU class. A state's m is exact and its s' a sum of up to C terms, held relative. */
function gpuTolerance(bound: number, scale: number, expected: number, output: string): number {
  return output === "gradient" ? bound * scale : bound * Math.max(1, Math.abs(expected));
}

/** The state of one call serves the next, which then skips its first pass. */
function stateCase(): Case {
  const [rows, classes] = [32, 10];
  return {
    name: "softmaxCrossEntropy 32×10, from a state",
    inputs: { logits: normals(43, 320, 3), "labels#": integers(44, rows, classes) },
    outputs: { state: 3 * rows, rowLoss: rows, gradient: 320 },
    call: (kernels, out, given) => {
      const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 };
      kernels.softmaxCrossEntropy({ state: out.state }, { logits: given.logits! }, params);
      const inputs = { logits: given.logits!, labels: given.labels!, state: out.state };
      kernels.softmaxCrossEntropy({ rowLoss: out.rowLoss, gradient: out.gradient }, inputs, params);
    },
    tolerance: (expected, output) => gpuTolerance(1e-6, 1, expected, output),
  };
}

function lossCase(
  name: string,
  rows: number,
  classes: number,
  logits: readonly number[],
  options: LossOptions = {},
): Case {
  const { dense, smoothing = 0, weights, rowScale, ignored, alias, scale = 1 } = options;
  const labels = integers(21, rows, classes).map((label, row) => (ignored && row % 3 === 0 ? -1 : label));
  const mass = normals(22, rows * classes).map(Math.abs);
  const total = (row: number) => mass.slice(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0);
  const totals = Array.from({ length: rows }, (_, row) => total(row));
  const inputs: Record<string, readonly number[]> = {
    [alias ? "gradient" : "logits"]: logits,
    ...(dense
      ? { probabilities: mass.map((value, i) => Math.fround(value / totals[Math.floor(i / classes)]!)) }
      : { "labels#": labels }),
    ...(weights ? { classWeights: normals(23, classes).map(Math.abs) } : {}),
    ...(rowScale ? { rowScale: normals(24, rows).map(Math.abs) } : {}),
  };
  return {
    name: `softmaxCrossEntropy ${rows}×${classes}, ${name}`,
    inputs,
    outputs: { rowLoss: rows, gradient: rows * classes, state: 3 * rows },
    call: (kernels, out, given) =>
      kernels.softmaxCrossEntropy(
        { rowLoss: out.rowLoss, gradient: out.gradient, state: out.state },
        { ...given, logits: given.logits ?? given.gradient! },
        { rows, classes, inner: 1, smoothing, scale },
      ),
    tolerance: (expected, output) => gpuTolerance(dense ? 4e-6 : 1e-6, scale, expected, output),
  };
}

/** Rows whose label leads by `margin`: loss and label gradient are tiny, and right to docs/semantics.md §7's relative bound. */
function confidentCase(): Case {
  const margins = [5, 10, 17, 25, 50, 80];
  const classes = 4;
  const logits = margins.flatMap((margin) => [0, margin, 0, 0]);
  return {
    name: "softmaxCrossEntropy, margins 5 to 80 relative",
    inputs: { logits, "labels#": margins.map(() => 1) },
    outputs: { rowLoss: margins.length, gradient: logits.length },
    call: (kernels, out, given) =>
      kernels.softmaxCrossEntropy(
        { rowLoss: out.rowLoss, gradient: out.gradient },
        { logits: given.logits!, labels: given.labels! },
        { rows: margins.length, classes, inner: 1, smoothing: 0, scale: 1 },
      ),
    // 2e-5·(1 + margin/10), and a loss or label gradient of about 3·e^−margin tells its margin.
    tolerance: (expected) => 2e-5 * (1 + Math.max(0, -Math.log(Math.abs(expected) / 3)) / 10) * Math.abs(expected),
  };
}

/** docs/semantics.md §4's rows that a GPU without NaN can answer. */
function infiniteCase(): Case {
  const gone = Number.NEGATIVE_INFINITY;
  return {
    name: "softmaxCrossEntropy, −∞ beside and at the label",
    inputs: { logits: [1, gone, 2, 1, gone, 2, gone, gone, 3], "labels#": [2, 1, 2] },
    outputs: { rowLoss: 3, gradient: 9, state: 9 },
    call: (kernels, out, given) =>
      kernels.softmaxCrossEntropy(
        { rowLoss: out.rowLoss, gradient: out.gradient, state: out.state },
        { logits: given.logits!, labels: given.labels! },
        { rows: 3, classes: 3, inner: 1, smoothing: 0, scale: 1 },
      ),
    tolerance: () => 2e-6,
  };
}

export const lossCases = (): Case[] => [
  lossCase("normal logits", 32, 4, normals(31, 128, 3)),
  lossCase("normal logits", 64, 10, normals(32, 640, 3)),
  lossCase("±500", 64, 10, normals(33, 640, 500)),
  lossCase("±1e4", 64, 10, normals(34, 640, 1e4)),
  lossCase(
    "offset 1e6",
    64,
    10,
    normals(35, 640, 3).map((z) => Math.fround(z + 1e6)),
  ),
  lossCase("normal logits", 8, 1000, normals(36, 8000, 3)),
  lossCase("normal logits", 4, 50257, normals(37, 4 * 50257, 3)),
  lossCase("ignored rows, row scale, in place", 32, 10, normals(38, 320, 3), {
    ignored: true,
    rowScale: true,
    alias: true,
    scale: 1 / 32,
  }),
  lossCase("smoothed and weighted labels", 32, 10, normals(39, 320, 3), {
    smoothing: 0.1,
    weights: true,
    ignored: true,
  }),
  lossCase("probabilities", 32, 10, normals(40, 320, 3), { dense: true }),
  lossCase("probabilities", 4, 5000, normals(41, 20000, 3), { dense: true }),
  lossCase("probabilities, smoothed, weighted, row scale", 32, 10, normals(42, 320, 3), {
    dense: true,
    smoothing: 0.1,
    weights: true,
    rowScale: true,
  }),
  stateCase(),
  confidentCase(),
  infiniteCase(),
];
