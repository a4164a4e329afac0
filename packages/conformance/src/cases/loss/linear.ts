import { type LinearLossOptions, linearCrossEntropy, mul, type Scope, sum, type Tensor } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { type LinearLossProblem, linearCrossEntropy as oracle } from "../../oracle/linear-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";

const { full, quick } = caseGroup("ops/linearCrossEntropy");

const [rows, inputs, classes] = [8, 3, 3];
const live = (row: number): boolean => row % 4 !== 2;
const labels = Array.from({ length: rows }, (_, r) => (live(r) ? (r * 5) % classes : -100));
const targets = { labels };

interface Layer {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor;
}

/** A layer as numbers; ignored rows hold NaN where the backend knows it. */
function layerOf(t: CaseContext, transW: boolean): LinearLossProblem {
  const random = t.random();
  const skipped = t.facts.strictNonFinite ? Number.NaN : 77;
  const x = t.generate(rows * inputs, (d) => (live(Math.floor(d / inputs)) ? random.normal() : skipped));
  const w = t.generate(inputs * classes, random.normal);
  const b = t.generate(classes, random.normal);
  return { rows, classes, inputs, transW, x, w, b, labels: labels.map((label) => Math.max(-1, label)) };
}

function placed(scope: Scope, { x, w, b, transW }: LinearLossProblem): Layer {
  return {
    x: scope.tensor({ data: x, shape: [rows, inputs] }),
    w: scope.tensor({ data: w, shape: transW ? [classes, inputs] : [inputs, classes] }),
    b: scope.tensor({ data: b!, shape: [classes] }),
  };
}

/** A way to the gradients of Σ u_r·ℓ_r, and the u that it stands for. */
interface Way {
  readonly u: (r: number) => number;
  readonly gradients: (scope: Scope, layer: Layer, options: LinearLossOptions) => Layer;
}

const count = labels.filter((label) => label >= 0).length;
const factor = (r: number): number => 0.5 + ((r * 7) % 8) / 8;
const factors = Array.from({ length: rows }, (_, r) => factor(r));

const mean = ({ x, w, b }: Layer, options: LinearLossOptions): Tensor => linearCrossEntropy(x, w, b, targets, options);

/**
 * Where a scalar loss is differentiated once, the forward pass may finish the gradient; everywhere else that would be
 * silently wrong (Liger-Kernel's dW once was), and the logits must be computed again.
 */
const ways: Readonly<Record<string, Way>> = {
  finished: {
    u: () => 1 / count,
    gradients: (scope, layer, options) => scope.grad((p) => mean(p, options), layer),
  },
  "finished-under-a-number": {
    u: () => -3 / count,
    gradients: (scope, layer, options) => scope.grad((p) => mul(mean(p, options), -3), layer),
  },
  "finished-under-a-factor-of-the-device": {
    u: () => 0.25 / count,
    gradients(scope, layer, options) {
      const f = scope.tensor(0.25);
      return scope.grad((p) => mul(f, mean(p, options)), layer);
    },
  },
  "finished-with-weights-of-the-host": {
    u: factor,
    gradients: (scope, layer, options) =>
      scope.grad((p) => mean(p, { ...options, reduction: "sum", rowWeights: factors }), layer),
  },
  "weights-of-the-device": {
    u: factor,
    gradients(scope, layer, options) {
      const rowWeights = scope.tensor(factors);
      return scope.grad((p) => mean(p, { ...options, reduction: "sum", rowWeights }), layer);
    },
  },
  "rows-that-are-weighted-afterwards": {
    u: factor,
    gradients(scope, layer, options) {
      const upstream = scope.tensor(factors);
      return scope.grad((p) => sum(mul(upstream, mean(p, { ...options, reduction: "none" }))), layer);
    },
  },
  "rows-with-a-cotangent": {
    u: factor,
    gradients: (scope, layer, options) =>
      scope.vjp((p) => mean(p, { ...options, reduction: "none" }), layer, scope.tensor(factors)).gradients,
  },
  "a-persistent-tape-asked-twice": {
    u: () => 1 / count,
    gradients(scope, layer, options) {
      const tape = scope.gradientTape({ persistent: true });
      const watched = tape.watch(layer);
      const loss = mean(watched, options);
      tape.gradient(mul(loss, 2), watched);
      const gradients = tape.gradient(loss, watched);
      tape.dispose();
      return gradients;
    },
  },
  "two-recordings": {
    u: () => 1 / count,
    gradients: (scope, layer, options) => scope.hvp((p) => mean(p, options), layer, layer).gradients,
  },
};

/** Room for everything, and for a third of the rows that count. */
const budgetsOf = ({ facts }: CaseContext): readonly number[] => [2 ** 30, (count / 3) * classes * facts.floatBytes];

async function byEveryBudget(t: CaseContext, { u, gradients }: Way): Promise<void> {
  for (const transposeW of [false, true]) {
    const problem = layerOf(t, transposeW);
    // What is ignored has no part; the oracle need not meet its NaN.
    const clean = Array.from(problem.x, (value) => (Number.isNaN(value) ? 0 : value));
    const expected = oracle({ ...problem, x: clean, rowScale: Array.from({ length: rows }, (_, r) => u(r)) });
    for (const maxBytes of budgetsOf(t)) {
      await inScope(t, async (scope) => {
        const found = gradients(scope, placed(scope, problem), { transposeW, maxBytes, ignoreIndex: -100 });
        const judgement = t.judge("derived");
        for (const name of ["x", "w", "b"] as const) {
          t.check(await t.read(found[name]), expected[`d${name}`], judgement, `∂${name}, ${maxBytes} bytes`);
        }
      });
    }
  }
}

async function values(t: CaseContext): Promise<void> {
  const problem = layerOf(t, false);
  const { rowLoss } = oracle({ ...problem, x: Array.from(problem.x, (value) => (Number.isNaN(value) ? 0 : value)) });
  const total = (list: ArrayLike<number>): number => Array.from(list).reduce((a, b) => a + b, 0);
  const size = total(rowLoss.scale as ArrayLike<number>);
  for (const maxBytes of budgetsOf(t)) {
    await inScope(t, async (scope) => {
      const layer = placed(scope, problem);
      const loss = (reduction: "none" | "sum" | "mean"): Promise<ArrayLike<number>> =>
        t.read(mean(layer, { reduction, maxBytes, ignoreIndex: -100 }));
      const judgement = t.judge("derived");
      t.check(await loss("none"), rowLoss, judgement, "rows");
      const sums = { values: [total(rowLoss.values)], scale: size, terms: size };
      t.check(await loss("sum"), sums, judgement, "sum");
      const means = { values: [total(rowLoss.values) / count], scale: size / count, terms: size / count };
      t.check(await loss("mean"), means, judgement, "mean");
    });
  }
}

/** What is alive beside inputs and results while a loss of 64 rows by 1024 classes is computed with room for 8 rows. */
async function logitsNeverWhole(t: CaseContext): Promise<void> {
  const [many, size, wide] = [64, 2, 1024];
  const { floatBytes } = t.facts;
  const maxBytes = 8 * wide * floatBytes;
  const random = t.random();
  const numbers = (...shape: number[]) => ({
    shape,
    data: t.generate(
      shape.reduce((p, n) => p * n, 1),
      random.normal,
    ),
  });
  const { usage } = t.backend;
  await inScope(t, async (scope) => {
    const layer: Layer = {
      x: scope.tensor(numbers(many, size)),
      w: scope.tensor(numbers(size, wide)),
      b: scope.tensor(numbers(wide)),
    };
    const own = { labels: Array.from({ length: many }, (_, r) => r) };
    const loss = ({ x, w, b }: Layer, options: LinearLossOptions): Tensor =>
      sum(linearCrossEntropy(x, w, b, own, { ...options, maxBytes }));
    const peakOf = (work: () => void): number => {
      const before = usage.liveBytes;
      usage.peakBytes = before;
      work();
      return usage.peakBytes - before;
    };
    // Gradients of the layer, once or twice where parts are added up, and some numbers a row.
    const results = (2 * (many * size + size * wide + wide) + 16 * many) * floatBytes;
    const peaks = {
      forward: peakOf(() => loss(layer, { reduction: "none" }).dispose()),
      finished: peakOf(() => scope.grad((p) => loss(p, {}), layer)),
      "computed again": peakOf(() => scope.grad((p) => loss(p, { reduction: "none" }), layer)),
    };
    for (const [name, peak] of Object.entries(peaks)) {
      const allowed = maxBytes + results;
      t.expect(
        peak <= allowed,
        `${name}: ${peak} bytes are alive at a time; ${maxBytes} of logits are allowed, ${allowed} in all`,
      );
    }
    const second = peakOf(() => scope.hvp((p) => loss(p, {}), layer, layer));
    // Nothing of the size of all logits, in none of the four passes that a Hessian–vector product takes.
    const whole = many * wide * floatBytes;
    t.expect(second <= whole, `second order: ${second} bytes are alive at a time; all logits are ${whole}`);
  });
}

/** The loss of a linear layer by the public API: fused or derived, in chunks of any size. */
export const linearLossCases: readonly Case[] = [
  quick("values", values),
  ...Object.entries(ways).map(([name, way]) => quick(`gradient-${name}`, (t) => byEveryBudget(t, way))),
  full("logits-are-never-whole", logitsNeverWhole),
];
