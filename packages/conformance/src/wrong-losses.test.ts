import { type PlainHandle, plain } from "@surprisal/backend-cpu/plain";
import type { Kernels, SoftmaxCrossEntropyParams } from "@surprisal/core";
import { expect, test } from "vitest";
import { failures, spoiled } from "./fixtures/spoiled.ts";

/** A row of a loss that went right, for a wrong backend to change. */
interface Row {
  readonly r: number;
  readonly z: number[];
  readonly label: number | undefined;
  readonly labels: number[];
  readonly targets: number[] | undefined;
  readonly u: number;
  readonly params: SoftmaxCrossEntropyParams;
  readonly loss: (value: number) => void;
  readonly gradient: (value: (j: number, right: number) => number) => void;
}

type Loss = Kernels<PlainHandle>["softmaxCrossEntropy"];
type Data = Float32Array;

/** A backend whose loss is right, and then changed row by row. */
function wrongLoss(change: (row: Row) => void): () => ReturnType<typeof plain> {
  const spoil =
    (right: Loss): Loss =>
    (outputs, inputs, params) => {
      const { classes, rows, inner } = params;
      const logits = Array.from(inputs.logits.data!);
      right(outputs, inputs, params);
      if (inner !== 1) return;
      for (let r = 0; r < rows; r++) {
        const labels = inputs.labels && Array.from(inputs.labels.data!);
        change({
          r,
          z: logits.slice(r * classes, (r + 1) * classes),
          label: labels?.[r],
          labels: labels ?? [],
          targets: inputs.probabilities && Array.from(inputs.probabilities.data!.slice(r * classes, (r + 1) * classes)),
          u: params.scale * (inputs.rowScale?.data?.[r] ?? 1),
          params,
          loss: (value) => outputs.rowLoss && (outputs.rowLoss.data as Data).fill(value, r, r + 1),
          gradient(value) {
            const gradient = outputs.gradient?.data;
            for (let j = 0; gradient && j < classes; j++) {
              gradient[r * classes + j] = value(j, gradient[r * classes + j]!);
            }
          },
        });
      }
    };
  return () =>
    spoiled(plain(), ({ kernels }) => ({ kernels: { softmaxCrossEntropy: spoil(kernels.softmaxCrossEntropy) } }));
}

const id = (name: string): string => `kernel/softmax-cross-entropy/${name}`;

async function caught(create: ReturnType<typeof wrongLoss>, ...names: string[]): Promise<void> {
  expect(Object.keys(await failures(create, names.map(id))).sort()).toEqual(names.map(id).sort());
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const plainLabel = ({ label, params }: Row): boolean => label !== undefined && label >= 0 && params.smoothing === 0;

test("a loss that does not subtract the maximum is caught", () =>
  caught(
    wrongLoss((row) => {
      if (plainLabel(row)) row.loss(Math.log(sum(row.z.map(Math.exp))) - row.z[row.label!]!);
    }),
    "row-plus-minus-1e4",
    "row-equal-at-1e6",
    "law-shift-by-1000",
  ));

test("the gradient p − T for targets that do not sum to 1 is caught", () =>
  caught(
    wrongLoss(({ z, targets, u, params, gradient }) => {
      if (!targets || params.smoothing > 0) return;
      const m = Math.max(...z);
      const total = sum(z.map((value) => Math.exp(value - m)));
      gradient((j) => u * (Math.exp(z[j]! - m) / total - targets[j]!));
    }),
    "row-targets-that-sum-to-2",
    "row-targets-that-sum-to-zero",
    "row-targets-all-zero",
  ));

test("the loss log Σ e^(z − m) in float32, which confident rows round to 0, is caught", () =>
  caught(
    wrongLoss((row) => {
      if (!plainLabel(row)) return;
      const m = Math.max(...row.z);
      row.loss(Math.log(Math.fround(sum(row.z.map((z) => Math.exp(z - m))))) + m - row.z[row.label!]!);
    }),
    "confident-17",
    "confident-50",
    "confident-87",
  ));

test("a confident row rounded to 0 is caught on a device of class f32-gpu too", async () => {
  const wrong = wrongLoss((row) => {
    if (plainLabel(row)) row.loss(Math.max(0, Math.fround(Math.log(sum(row.z.map(Math.exp)))) - row.z[row.label!]!));
  });
  const create = () => spoiled(wrong(), ({ facts }) => ({ facts: { ...facts, precision: "f32-gpu" } }));
  await caught(create, "confident-17", "confident-50", "confident-87");
});

test("the label gradient p − 1, which confident rows round to 0, is caught", () =>
  caught(
    wrongLoss((row) => {
      if (!plainLabel(row)) return;
      const m = Math.max(...row.z);
      const total = sum(row.z.map((z) => Math.exp(z - m)));
      row.gradient((j, right) =>
        j === row.label ? row.u * (Math.fround(Math.exp(row.z[j]! - m) / total) - 1) : right,
      );
    }),
    "confident-17",
    "confident-50-over-a-block",
    "confident-50-in-place",
  ));

test("a tail of classes that the last vector leaves out is caught", () =>
  caught(
    wrongLoss((row) => {
      if (!plainLabel(row) || row.params.classes < 4) return;
      const kept = row.z.slice(0, row.z.length - (row.z.length % 4));
      const m = Math.max(...row.z);
      row.loss(Math.log(sum(kept.map((z) => Math.exp(z - m)))) + m - row.z[row.label!]!);
    }),
    "ten-classes",
    "row-ties-of-ten",
  ));

test("a row that takes the label of the next is caught", () =>
  caught(
    wrongLoss((row) => {
      if (!plainLabel(row)) return;
      const m = Math.max(...row.z);
      const label = Math.max(0, row.labels[(row.r + 1) % row.labels.length]!);
      row.loss(Math.log1p(sum(row.z.map((z) => Math.exp(z - m))) - 1) + m - row.z[label]!);
    }),
    "ten-classes",
    "two-classes",
    "law-rows-do-not-know-each-other",
  ));

test("a label of −1 that wraps to the last class is caught", () =>
  caught(
    wrongLoss((row) => {
      if (row.label === -1) row.gradient((j) => (j === row.z.length - 1 ? -row.u : 0));
    }),
    "ignored-rows",
    "row-ignored-with-smoothing-and-weights",
    "law-ignored-rows-change-nothing",
  ));

test("an ignored row that is computed and multiplied by 0 is caught", () =>
  caught(
    wrongLoss((row) => {
      if (row.label !== -1) return;
      row.loss(0 * sum(row.z));
      row.gradient((j) => 0 * row.z[j]!);
    }),
    "ignored-rows",
    "row-ignored-nan",
    "row-ignored-infinity",
  ));

test("a NaN row that comes out finite is caught", () =>
  caught(
    wrongLoss((row) => {
      if (row.z.some(Number.isNaN) && row.label !== -1) row.loss(0);
    }),
    "row-nan-first",
    "row-nan-at-the-label",
    "nan-in-a-late-block",
  ));

test("a NaN row that spreads to its neighbour is caught", () => {
  let before = false;
  return caught(
    wrongLoss((row) => {
      if (before && row.r > 0) row.loss(Number.NaN);
      before = row.z.some(Number.isNaN) && row.label !== -1;
    }),
    "row-nan-last",
  );
});

test("0·(−∞) = NaN at a target of 0 is caught", () =>
  caught(
    wrongLoss((row) => {
      if (row.targets && row.params.smoothing === 0) {
        const m = Math.max(...row.z);
        const lse = m + Math.log(sum(row.z.map((z) => Math.exp(z - m))));
        row.loss(sum(row.targets.map((target, j) => target * (lse - row.z[j]!))));
      }
    }),
    "row-target-zero-at-minus-infinity",
  ));

test("a running float32 sum over many classes is caught", () =>
  caught(
    wrongLoss((row) => {
      if (!plainLabel(row)) return;
      const m = Math.max(...row.z);
      let total = 0;
      for (const z of row.z) total = Math.fround(total + Math.fround(Math.exp(z - m)));
      row.loss(Math.log(total) + m - row.z[row.label!]!);
    }),
    "tail-below-half-an-ulp",
  ));

test("a loop that stops after 1000 classes is caught (gpu.js without loopMaxIterations)", () =>
  caught(
    wrongLoss((row) => {
      if (row.params.classes <= 1000 || !plainLabel(row)) return;
      const m = Math.max(...row.z);
      row.loss(Math.log(sum(row.z.slice(0, 1000).map((z) => Math.exp(z - m)))) + m - row.z[row.label!]!);
    }),
    "longer-than-a-block",
  ));

test("m + log Σ in float32, which loses the loss under an offset, is caught", () =>
  caught(
    wrongLoss((row) => {
      if (!plainLabel(row)) return;
      const m = Math.max(...row.z);
      row.loss(Math.fround(Math.fround(m + Math.log(sum(row.z.map((z) => Math.exp(z - m))))) - row.z[row.label!]!));
    }),
    "row-offset-1e6",
    "row-equal-at-1e8",
    "law-shift-by-1000000",
  ));

test("a loss that rowScale scales is caught", () =>
  caught(
    wrongLoss((row) => {
      if (row.u !== 1 && row.label !== undefined && row.label >= 0) row.loss(row.u * 3);
    }),
    "row-scale",
    "host-scale",
  ));

test("smoothing over C − 1 classes is caught", () =>
  caught(
    wrongLoss((row) => {
      const { smoothing, classes } = row.params;
      if (smoothing === 0) return;
      row.gradient((j, right) => right - (j === row.label ? row.u * smoothing * (1 / classes) : 0));
    }),
    "smoothing",
    "smoothing-half",
    "row-minus-infinity-with-smoothing",
  ));

test("logits that the gradient overwrites too early are caught", async () => {
  const create = () =>
    spoiled(plain(), ({ kernels }) => ({
      kernels: {
        softmaxCrossEntropy(outputs, inputs, params) {
          const { gradient, ...others } = outputs;
          if (gradient) kernels.softmaxCrossEntropy({ gradient }, inputs, params);
          if (others.rowLoss ?? others.state) kernels.softmaxCrossEntropy(others, inputs, params);
        },
      },
    }));
  await caught(create, "gradient-over-logits-labels", "gradient-over-logits-probabilities", "confident-17-in-place");
});

test("a state whose argmax is the last of equals is caught", async () => {
  const create = () =>
    spoiled(plain(), ({ kernels }) => ({
      kernels: {
        softmaxCrossEntropy(outputs, inputs, params) {
          const z = Array.from(inputs.logits.data!);
          kernels.softmaxCrossEntropy(outputs, inputs, params);
          const { rows, classes } = params;
          for (let r = 0; outputs.state && r < rows; r++) {
            const m = outputs.state.data![3 * r]!;
            const last = z.slice(r * classes, (r + 1) * classes).lastIndexOf(m);
            if (inputs.labels?.data?.[r] !== -1) outputs.state.data![3 * r + 1] = last;
          }
        },
      },
    }));
  await caught(create, "row-ties-of-ten", "row-ties-at-the-maximum-last-label");
});
