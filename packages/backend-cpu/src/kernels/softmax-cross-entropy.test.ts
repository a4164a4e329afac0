import type { LossTerms } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants, lab, type Order } from "../../testing/kernel-lab.ts";
import { threadedSoftmaxCrossEntropy } from "./split-rows.ts";

interface Problem {
  readonly rows: number;
  readonly classes: number;
  readonly targets: "labels" | "labels, with the state" | "smoothed labels" | "probabilities";
  readonly terms?: LossTerms;
}

const problems: Problem[] = [];
for (const targets of ["labels", "labels, with the state", "smoothed labels", "probabilities"] as const) {
  // Around the limits of vectors, of rows in lanes, of batches of rows and of blocks of classes.
  for (const classes of [1, 2, 3, 7, 15, 16, 127, 144, 145, 400, 401, 1000, 2049, 4095, 4097, 9001]) {
    problems.push({ rows: classes > 1000 ? 2 : 9, classes, targets });
  }
}
const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };
const withTerms: Problem[] = [7, 400, 1000, 9001].flatMap((classes) => [
  { rows: 9, classes, targets: "probabilities", terms: { ...neutral, inverseTemperature: 0.7, zLoss: 0.1 } },
  { rows: 9, classes, targets: "labels", terms: { ...neutral, inverseTemperature: 3, zLoss: 0.1, focal: 2, poly: 1 } },
  { rows: 9, classes, targets: "smoothed labels", terms: { ...neutral, softcap: 5, zLoss: 0.1 } },
]);

// How exact it is, the conformance kit and `pnpm bench:ulp` judge.
describeVariants("the fused loss", (variant) => {
  /** Row losses, gradient and state, one behind the other. */
  async function run(problem: Problem, order: Order, inPlace: boolean, threads = 1): Promise<Float32Array> {
    const { rows, classes, targets } = problem;
    const { z, labels, q } = numbersOf(problem);
    const { floats, integers, room, run, read } = await lab(variant);
    const logits = floats(z);
    const rowLoss = room(rows);
    const state = targets === "labels" ? undefined : room(3 * rows);
    const gradient = inPlace ? logits : room(rows * classes);
    const target = targets === "probabilities" ? { probabilities: floats(q) } : { labels: integers(labels) };
    const plan: typeof threadedSoftmaxCrossEntropy = (...call) =>
      threadedSoftmaxCrossEntropy(call[0], call[1], call[2], call[3], threads);
    run(plan, { rowLoss, gradient, state }, { logits, ...target }, paramsOf(problem), order);
    return joined(read(rowLoss), read(gradient), state && read(state));
  }

  it.each([...problems, ...withTerms])(
    "$targets, [$rows, $classes], $terms: the same bits whoever computes a row, and in place",
    async (problem) => {
      const expected = bits(await run(problem, "at once", false));
      expect(bits(await run(problem, "one by one, reversed", false))).toEqual(expected);
      expect(bits(await run(problem, "at once", true))).toEqual(expected);
    },
  );

  const long = [32_768, 40_001].flatMap((classes) =>
    [...problems, ...withTerms]
      .filter((problem) => problem.classes === 1000)
      .map((problem) => ({ ...problem, rows: 8, classes })),
  );
  it.each(long)(
    "$targets, [$rows, $classes], $terms: the same bits cut into blocks for threads, and in place",
    async (problem) => {
      const expected = bits(await run(problem, "at once", false));
      expect(bits(await run(problem, "at once", false, 4))).toEqual(expected);
      expect(bits(await run(problem, "one by one, reversed", false, 4))).toEqual(expected);
      expect(bits(await run(problem, "at once", true, 4))).toEqual(expected);
    },
  );

  it("has the same bits for rows that are not finite, or not like their beginnings, cut into blocks", async () => {
    const [rows, classes] = [12, 33_000];
    const z = Float32Array.from({ length: rows * classes }, (_, i) => ((i * 31) % 97) / 7);
    z[20_000] = Number.NaN;
    z[classes + 30_000] = Number.POSITIVE_INFINITY;
    z.fill(Number.NEGATIVE_INFINITY, 2 * classes, 3 * classes);
    z.fill(Number.NaN, 3 * classes, 4 * classes);
    z.fill(Number.NEGATIVE_INFINITY, 4 * classes, 4 * classes + 5000);
    z.fill(-0, 5 * classes, 6 * classes).fill(0, 5 * classes + 9000, 6 * classes);
    z.fill(3e38, 6 * classes, 8 * classes);
    z.fill(-100, 8 * classes, 8 * classes + 16);
    z.fill(1e6, 9 * classes, 9 * classes + 16);
    z.fill(-1e6, 10 * classes, 10 * classes + 16);
    z.fill(Number.NEGATIVE_INFINITY, 11 * classes, 11 * classes + 16);
    const outcome = async (threads: number, smoothing: number, hasState: boolean): Promise<Int32Array> => {
      const { floats, integers, room, run, read } = await lab(variant);
      const [rowLoss, gradient, state] = [room(rows), room(rows * classes), hasState ? room(3 * rows) : undefined];
      const inputs = { logits: floats(z), labels: integers([1, 2, 3, 4, 5, 6, 7, -1, 20_000, 1, 32_999, 15]) };
      const params = { rows, classes, inner: 1, smoothing, scale: 1 };
      const plan: typeof threadedSoftmaxCrossEntropy = (...call) =>
        threadedSoftmaxCrossEntropy(call[0], call[1], call[2], call[3], threads);
      run(plan, { rowLoss, gradient, state }, inputs, params);
      return bits(joined(read(rowLoss), read(gradient), state && read(state)));
    };
    for (const smoothing of [0, 0.1]) {
      for (const hasState of [false, true]) {
        expect(await outcome(4, smoothing, hasState)).toEqual(await outcome(1, smoothing, hasState));
      }
    }
  });

  // Blocks go by a short way, unless one of those that are computed together with them has a row unlike most.
  const manners = ["labels", "weighted labels", "smoothed labels", "probabilities"] as const;
  it.each([2, 5, 10, 97, 400].flatMap((classes) => manners.map((targets) => ({ classes, targets }))))(
    "$targets, $classes classes: the same bits beside rows unlike most, and without them",
    async ({ classes, targets }) => {
      const rows = 64;
      const z = unlikeRows(rows, classes);
      const random = numbers(classes + 1);
      const labels = Array.from({ length: rows }, (_, row) => (row === 17 ? -1 : row % classes));
      const q = Float32Array.from({ length: rows * classes }, () => Math.max(0, random() - 0.3) / classes);
      const weights = Float32Array.from({ length: classes }, () => random() + 0.1);
      const scales = Float32Array.from({ length: rows }, (_, row) => [1, 0.3, -2, row === 40 ? 0 : 5][row % 4]!);
      const { floats, integers, room, run, read } = await lab(variant);
      const inputs = {
        logits: floats(z),
        ...(targets === "probabilities" ? { probabilities: floats(q) } : { labels: integers(labels) }),
        ...(targets === "weighted labels" && { classWeights: floats(weights) }),
      };
      const smoothing = targets === "smoothed labels" ? 0.1 : 0;
      const outcome = (order: Order, scale: number, hasGradient: boolean, hasRowScale: boolean): Int32Array => {
        const rowLoss = room(rows);
        const gradient = hasGradient ? room(rows * classes) : undefined;
        const rowScale = hasRowScale ? floats(scales) : undefined;
        const params = { rows, classes, inner: 1, smoothing, scale };
        run(threadedSoftmaxCrossEntropy, { rowLoss, gradient }, { ...inputs, rowScale }, params, order);
        return bits(joined(read(rowLoss), gradient && read(gradient)));
      };
      for (const scale of [1 / rows, -3, 0, 1e-31, 1e30]) {
        for (const [hasGradient, hasRowScale] of [
          [true, false] as const,
          [true, true] as const,
          [false, false] as const,
        ]) {
          const apart = outcome("one by one, reversed", scale, hasGradient, hasRowScale);
          expect(outcome("at once", scale, hasGradient, hasRowScale)).toEqual(apart);
        }
      }
    },
  );

  it.each(["labels", "smoothed labels", "probabilities"] as const)(
    "%s: a row has the same bits whatever rows stand beside it",
    async (targets) => {
      const [rows, classes] = [8, 10];
      const random = numbers(3);
      const z = Float32Array.from({ length: rows * classes }, () => 6 * random() - 3);
      // Confident rows, whose factors are tiny.
      z[3] = 300;
      z[5 * classes + 1] = 90;
      const q = Float32Array.from({ length: rows * classes }, () => random() / classes);
      const rowLabels = Array.from({ length: rows }, (_, row) => row);
      const scales = [1, -2, 1e-33, 0.5, 3, 1, 0, 0.1];
      const { floats, integers, room, run, read } = await lab(variant);
      const outcome = (from: number, to: number): Int32Array => {
        const count = to - from;
        const [rowLoss, gradient] = [room(count), room(count * classes)];
        const cut = [from * classes, to * classes] as const;
        const inputs = {
          logits: floats(z.subarray(...cut)),
          rowScale: floats(scales.slice(from, to)),
          ...(targets === "probabilities"
            ? { probabilities: floats(q.subarray(...cut)) }
            : { labels: integers(rowLabels.slice(from, to)) }),
        };
        const smoothing = targets === "smoothed labels" ? 0.1 : 0;
        run(threadedSoftmaxCrossEntropy, { rowLoss, gradient }, inputs, {
          rows: count,
          classes,
          inner: 1,
          smoothing,
          scale: 0.3,
        });
        return bits(joined(read(gradient), read(rowLoss)));
      };
      const together = outcome(0, rows);
      for (let row = 0; row < rows; row++) {
        const alone = [...together.subarray(row * classes, (row + 1) * classes), together[rows * classes + row]];
        expect([...outcome(row, row + 1)], `row ${row}`).toEqual(alone);
      }
    },
  );

  it("is cut only where there are threads, and few long rows", async () => {
    const { room } = await lab(variant);
    const [logits, other] = [room(1), room(1)];
    const phases = (
      rows: number,
      classes: number,
      threads?: number,
      outputs: object = { gradient: other },
    ): string[] => {
      const params = { rows, classes, inner: 1, smoothing: 0, scale: 1 };
      const planned = threadedSoftmaxCrossEntropy(outputs, { logits, labels: other }, params, () => 0, threads);
      return planned.map(({ run }) => run);
    };
    expect(phases(1, 300_000)).toEqual(["softmaxCrossEntropyRows"]);
    const guessing = ["lossGuesses", "lossExps", "lossStages", "lossExps", "lossResults"];
    expect(phases(1, 300_000, 4)).toEqual([...guessing, "lossGradients"]);
    expect(phases(1, 128_256, 4, { rowLoss: other })).toEqual(guessing);
    const knowing = ["lossLargest", "lossStages", "lossExps", "lossResults"];
    expect(phases(1, 300_000, 4, { state: other })).toEqual(knowing);
    expect(phases(1, 300_000, 4, { gradient: logits })).toEqual([...knowing, "lossGradients"]);
    expect(phases(1, 60_000, 4)).toEqual(["softmaxCrossEntropyRows"]);
    expect(phases(16, 50_257, 4)).toEqual(["softmaxCrossEntropyRows"]);
    expect(phases(15, 30_000, 4)).toEqual(["softmaxCrossEntropyRows"]);
  });

  // However far from 1 it is: the logits are around the temperature, so that every one counts.
  it.each([1e-300, 1e-30, 1e-6, 0.3, 1e4, 1e5, 1e30, 1e37])("an inverse temperature of %d", async (t) => {
    const random = numbers(5);
    for (const classes of [3, 40, 500]) {
      const { floats, integers, room, run, read } = await lab(variant);
      const range = Math.min(8 / t, 1e38);
      const z = Float32Array.from({ length: classes }, () => range * (random() - 0.5));
      const [rowLoss, gradient] = [room(1), room(classes)];
      const terms = { ...neutral, inverseTemperature: t };
      const params = { rows: 1, classes, inner: 1, smoothing: 0, scale: 1 / t, terms };
      run(threadedSoftmaxCrossEntropy, { rowLoss, gradient }, { logits: floats(z), labels: integers([1]) }, params);

      const weights = [...z].map((x) => Math.exp(t * (x - z[1]!)));
      const others = weights.reduce((sum, weight, j) => (j === 1 ? sum : sum + weight), 0);
      expect(read(rowLoss)[0]! / Math.log1p(others)).toBeCloseTo(1, 6);
      const expected = weights.map((weight, j) => (j === 1 ? -others : weight) / (1 + others));
      const largestError = read(gradient).reduce((most, g, j) => Math.max(most, Math.abs(g / expected[j]! - 1)), 0);
      expect(largestError).toBeLessThan(5 * 2 ** -23);
    }
  });

  // The label leads by more than float32's exponents reach below 1: what lies behind it keeps its bits all the same.
  it.each([3, 40, 1023])("a label that leads %i classes by 93.3", async (classes) => {
    const { floats, integers, room, run, read } = await lab(variant);
    const z = new Float32Array(classes);
    z[classes - 2] = 93.3;
    const rowLoss = room(1);
    const gradient = room(classes);
    const inputs = { logits: floats(z), labels: integers([classes - 2]) };
    const params = { rows: 1, classes, inner: 1, smoothing: 0, scale: 1 };
    run(threadedSoftmaxCrossEntropy, { rowLoss, gradient }, inputs, params);
    const rest = (classes - 1) * Math.exp(-Math.fround(93.3)); // below 2^−126 for 3 classes, where it may be 0
    const [loss] = read(rowLoss);
    expect(Math.abs(loss! / rest - 1) < 4e-7 || rest < 2 ** -126).toBe(true);
    expect(read(gradient)[classes - 2]).toBe(-loss!);
  });

  // Where another class leads by 1000, e^700 stands for its exponential: no factor may push that beyond float64.
  it.each([3, 40, 200])("a class of %i that leads the targets by 1000, with a large scale", async (classes) => {
    const { floats, integers, room, run, read } = await lab(variant);
    const z = new Float32Array(classes);
    z[1] = 1000;
    const gradient = room(classes);
    const state = room(3); // asks for the likeliest class apart, which is not the label
    const inputs = { logits: floats(z), labels: integers([0]) };
    const params = { rows: 1, classes, inner: 1, smoothing: 0, scale: 65536 };
    run(threadedSoftmaxCrossEntropy, { gradient, state }, inputs, params);
    expect([...read(gradient).subarray(0, 2)]).toEqual([-65536, 65536]);
  });

  it.each([3, 200])("a NaN at a label of weight 0 is NaN in the loss too, of %i classes", async (classes) => {
    const { floats, integers, room, run, read } = await lab(variant);
    const [z, weights] = [new Float32Array(classes), new Float32Array(classes).fill(1)];
    z[0] = Number.NaN;
    weights[0] = 0;
    const rowLoss = room(1);
    const gradient = room(classes);
    const inputs = { logits: floats(z), labels: integers([0]), classWeights: floats(weights) };
    const params = { rows: 1, classes, inner: 1, smoothing: 0, scale: 1 };
    run(threadedSoftmaxCrossEntropy, { rowLoss, gradient }, inputs, params);
    expect([...read(rowLoss), ...read(gradient).subarray(0, 2)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

function paramsOf({ rows, classes, targets, terms }: Problem) {
  return { rows, classes, inner: 1, smoothing: targets === "smoothed labels" ? 0.1 : 0, scale: 0.5, terms };
}

/** Random rows of several ranges; every label −1 is an ignored row. */
function numbersOf({ rows, classes }: Problem) {
  const random = numbers(rows * 1000 + classes);
  return {
    z: Float32Array.from(
      { length: rows * classes },
      (_, i) => 30 * (random() - 0.5) * (1 + (Math.floor(i / classes) % 3)),
    ),
    labels: Int32Array.from({ length: rows }, () => Math.floor(random() * (classes + 1)) - 1),
    q: Float32Array.from({ length: rows * classes }, () => (random() < 0.3 ? 0 : random() / classes)),
  };
}

function joined(...parts: readonly (Float32Array | undefined)[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => (part === undefined ? [] : [...part])));
}

/** As integers, so that NaN equals itself. */
function bits(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer);
}

/** Numbers in [0, 1), the same every time: a linear congruence (Numerical Recipes' constants). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rows of which the first sixteen are like most, and of the others some are not. */
function unlikeRows(rows: number, classes: number): Float32Array {
  const random = numbers(classes);
  const z = Float32Array.from({ length: rows * classes }, () => 20 * (random() - 0.5));
  const set = (row: number, j: number, value: number): void => {
    z[row * classes + (j % classes)] = value;
  };
  set(20, 20, Number.NaN);
  set(22, 23, Number.NaN);
  set(24, 24, Number.POSITIVE_INFINITY);
  set(25, 25, Number.NEGATIVE_INFINITY);
  z.fill(Number.NEGATIVE_INFINITY, 27 * classes, 28 * classes);
  z.fill(3e7, 32 * classes, 33 * classes);
  set(36, 36, 90);
  set(38, 38, 2000);
  set(41, 42, 2000);
  z.fill(Number.NEGATIVE_INFINITY, 44 * classes, 45 * classes);
  set(44, 44, 3);
  return z;
}
