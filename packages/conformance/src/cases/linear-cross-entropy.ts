import type { Facts, Kernels } from "@surprisal/core";
import type { Case, CaseContext } from "../case.ts";
import { derivedLinearCrossEntropy } from "../derived/linear.ts";
import type { TrackedHandle } from "../instrument.ts";
import {
  type LinearLossProblem,
  type LinearLossReference,
  linearCrossEntropy,
} from "../oracle/linear-cross-entropy.ts";
import { betweenTwo } from "../tolerance.ts";
import { caseGroup } from "./define.ts";
import { type ProblemStyle, randomProblem } from "./softmax-cross-entropy/random-problem.ts";

const { quick } = caseGroup("fusion/linear-cross-entropy");

type Output = keyof LinearLossReference;
const everyOutput: readonly Output[] = ["rowLoss", "state", "dx", "dw", "db"];

function offered(_: Facts, kernels: Kernels): string | undefined {
  return kernels.linearCrossEntropy === undefined ? "linearCrossEntropy is not offered: core derives it" : undefined;
}

function offeredWithTerms(facts: Facts, kernels: Kernels): string | undefined {
  if (facts.lossTerms !== true) return "lossTerms is not stated: core derives the terms";
  return offered(facts, kernels);
}

interface LinearStyle extends Omit<ProblemStyle, "rows" | "classes" | "inner" | "spread" | "offset"> {
  readonly rows?: number;
  readonly classes?: number;
  readonly inputs?: number;
  readonly transW?: boolean;
  readonly bias?: boolean;
}

/** A random problem: logits of spread about 3, so that likely and unlikely classes are met. */
function linearProblem(t: CaseContext, style: LinearStyle): LinearLossProblem {
  const { rows = 33, classes = 7, inputs = 10, transW = false, bias = true } = style;
  const random = t.random("layer");
  const { logits: _, ...targets } = randomProblem(t, { ...style, rows, classes });
  return {
    ...targets,
    inputs,
    transW,
    x: t.generate(rows * inputs, random.normal),
    w: t.generate(inputs * classes, random.normal),
    b: bias ? t.generate(classes, random.normal) : undefined,
  };
}

type Outputs = Partial<Record<Output, TrackedHandle>>;

/** Calls the kernel and its derived form, and holds the one to the oracle and to the other. */
async function launch(
  t: CaseContext,
  problem: LinearLossProblem,
  maxBytes: number,
  wanted: readonly Output[] = everyOutput,
  reference: LinearLossReference = linearCrossEntropy(problem),
): Promise<void> {
  const { rows, classes, inputs, transW = false, smoothing = 0, scale = 1, terms } = problem;
  const lengths = { rowLoss: rows, state: 3 * rows, dx: rows * inputs, dw: inputs * classes, db: classes };
  const make = (): Outputs => Object.fromEntries(wanted.map((name) => [name, t.output(lengths[name])]));
  const given = {
    x: t.float(problem.x),
    w: t.float(problem.w),
    b: problem.b && t.float(problem.b),
    labels: problem.labels && t.i32(problem.labels),
    probabilities: problem.probabilities && t.float(problem.probabilities),
    classWeights: problem.classWeights && t.float(problem.classWeights),
    rowScale: problem.rowScale && t.float(problem.rowScale),
  };
  const params = { rows, classes, inner: 1, smoothing, scale, inputs, transW, maxBytes, ...(terms && { terms }) };
  const [fused, derived] = [make(), make()];
  t.kernels.linearCrossEntropy!(fused, given, params);
  derivedLinearCrossEntropy(t.backend, derived, given, params);
  for (const name of wanted) {
    const [one, other] = [await t.read(fused[name]!), await t.read(derived[name]!)];
    const judgement = t.judge("derived");
    const { scale: size, terms: sizes } = reference[name];
    t.check(one, reference[name], judgement, name);
    t.check(one, { values: other, scale: size, terms: sizes }, betweenTwo(judgement), `${name}, fused and derived`);
  }
}

const styles: Readonly<Record<string, LinearStyle>> = {
  labels: { scale: 0.5 },
  "labels-by-class": { transW: true, rowScale: true },
  "labels-without-bias": { bias: false },
  "labels-ignored": { ignoreEvery: 4, rowScale: true, scale: -2 },
  "labels-smoothed-and-weighted": { smoothing: 0.1, classWeights: true, ignoreEvery: 5 },
  probabilities: { targets: "probabilities", rowScale: true },
  "probabilities-by-class": { targets: "probabilities", smoothing: 0.2, classWeights: true, transW: true },
  "many-classes": { rows: 60, classes: 1000, inputs: 40, rowScale: true },
  "many-classes-by-class": { rows: 60, classes: 1000, inputs: 40, transW: true },
  "one-class": { classes: 1 },
  "one-row": { rows: 1 },
  "no-rows": { rows: 0 },
  "one-input": { inputs: 1 },
};

const termStyles: Readonly<Record<string, LinearStyle>> = {
  temperature: { terms: { inverseTemperature: 0.5 } },
  softcap: { terms: { softcap: 4 }, transW: true },
  "z-loss": { terms: { zLoss: 0.01 }, smoothing: 0.1 },
  "focal-and-poly": { terms: { focal: 1, poly: 0.5 }, classWeights: true },
};

/** Room for all logits, for five rows (the last chunk is shorter), and for less than one. */
const budgets = (classes: number): readonly number[] => [2 ** 30, 5 * 8 * classes, 1];

/** The fused loss of a linear layer, where a backend has it. */
export const linearCrossEntropyCases: readonly Case[] = [
  ...Object.entries({ ...styles, ...termStyles }).map(([name, style]) =>
    quick(
      name,
      async (t) => {
        const problem = linearProblem(t, style);
        const reference = linearCrossEntropy(problem);
        for (const maxBytes of budgets(problem.classes)) await launch(t, problem, maxBytes, everyOutput, reference);
      },
      style.terms ? offeredWithTerms : offered,
    ),
  ),
  quick(
    "every-subset-of-outputs",
    async (t) => {
      const problem = linearProblem(t, { rowScale: true });
      const reference = linearCrossEntropy(problem);
      for (let mask = 1; mask < 2 ** everyOutput.length; mask++) {
        const wanted = everyOutput.filter((_, i) => (mask >> i) % 2 === 1);
        await launch(t, problem, 5 * 8 * problem.classes, wanted, reference);
      }
    },
    offered,
  ),
  quick(
    "rows-that-share-a-gradient-add-up",
    async (t) => {
      // 600 equal rows: every chunk adds the same number to dW, which a plain running sum would round each time.
      const [rows, classes, inputs] = [600, 7, 10];
      const one = linearProblem(t, { rows: 1 });
      const repeated = (list: ArrayLike<number>): Float64Array =>
        Float64Array.from({ length: rows * list.length }, (_, i) => list[i % list.length]!);
      const labels = Int32Array.from({ length: rows }, () => 3);
      const problem: LinearLossProblem = { ...one, rows, classes, inputs, x: repeated(one.x), labels };
      await launch(t, problem, 8 * classes * 20);
    },
    offered,
  ),
];
