import { compare, float32, randomNumbers, tolerance } from "@surprisal/conformance";
import type { Facts } from "@surprisal/core";
import { type Contender, type Errors, NEARLY_RIGHT, type Workload } from "../contender.ts";
import { exactRow } from "../loss-oracle.ts";
import { boundsOf, ulpsOff } from "../ulp/tally.ts";

/** What a row is to be: its label, or a probability for each class. */
export type TargetForm = "labels" | "probabilities";

/** Logits [rows, classes] with a target for each row. */
export interface LossProblem {
  readonly rows: number;
  readonly classes: number;
  readonly logits: Float32Array;
  /** The targets: of each row the one that is likeliest, where there are probabilities. */
  readonly labels: Int32Array;
  /** One-hot rows, or probabilities: what a library without labels takes. */
  readonly dense: Float32Array;
  readonly target: TargetForm;
  /** Whether the gradient is asked for, or the loss alone. */
  readonly gradient: boolean;
  exact(target: TargetForm): ExactLoss;
}

/** The mean loss and its gradient with respect to the logits. */
export interface LossAnswer {
  readonly loss: number;
  readonly gradient?: ArrayLike<number>;
  /** Default: what the problem asks for. */
  readonly target?: TargetForm;
}

interface ExactLoss {
  readonly loss: number;
  readonly lossTerms: number;
  readonly gradient: Float64Array;
}

export type LossContender = Contender<LossProblem, LossAnswer>;
type LossWorkload = Workload<LossProblem, LossAnswer>;

const mean = "of logits [rows, classes] from N(0, 3), everything resident";

/** Loss and gradient by labels. */
export function fusedLoss(contenders: readonly LossContender[]): LossWorkload {
  const says = `Mean loss over the rows and its gradient with respect to the logits, ${mean}; integer labels.`;
  return { ...lossWorkload("labels", true), name: "fused softmax cross-entropy", says, contenders };
}

/** The loss alone, by labels. */
export function forwardLoss(contenders: readonly LossContender[]): LossWorkload {
  const says = `Mean loss over the rows alone, ${mean}; integer labels.`;
  return { ...lossWorkload("labels", false), name: "softmax cross-entropy, forward", says, contenders };
}

/** Loss and gradient by probabilities. */
export function softLoss(contenders: readonly LossContender[]): LossWorkload {
  const says = `Mean loss over the rows and its gradient with respect to the logits, ${mean}; a probability for each class as the target. Ours by labels stands beside it.`;
  return {
    ...lossWorkload("probabilities", true),
    name: "fused softmax cross-entropy, probabilities",
    says,
    contenders,
  };
}

function lossWorkload(
  target: TargetForm,
  gradient: boolean,
): Pick<LossWorkload, "shapes" | "quick" | "problem" | "judge" | "work"> {
  return {
    shapes: ["128x10", "1024x100", "1024x1000", "256x50257", "64x128256"],
    quick: ["128x10", "1024x100", "1024x1000"],
    problem: (shape) => lossProblem(shape, target, gradient),
    judge,
    work: ({ rows, classes }) => ({ unit: "M logits/s", perSecond: (rows * classes) / 1e6 }),
  };
}

function lossProblem(shape: string, target: TargetForm, gradient: boolean): LossProblem {
  const [rows, classes] = shape.split("x").map(Number) as [number, number];
  const random = randomNumbers("fused-loss", shape);
  const logits = Float32Array.from({ length: rows * classes }, () => 3 * random.normal());
  const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
  const dense = new Float32Array(rows * classes);
  for (const [r, label] of labels.entries()) {
    const row = dense.subarray(r * classes, (r + 1) * classes);
    if (target === "labels") row[label] = 1;
    else {
      for (let j = 0; j < classes; j++) row[j] = random.uniform();
      row[label] = 2;
      const sum = row.reduce((sum, share) => sum + share, 0);
      for (let j = 0; j < classes; j++) row[j]! /= sum;
    }
  }
  const known: Partial<Record<TargetForm, ExactLoss>> = {};
  const inputs = { rows, classes, logits, labels, dense };
  return { ...inputs, target, gradient, exact: (form) => (known[form] ??= exactLoss(inputs, form)) };
}

type LossInputs = Pick<LossProblem, "rows" | "classes" | "logits" | "labels" | "dense">;

/** Everything in float64. */
function exactLoss({ rows, classes, logits, labels, dense }: LossInputs, form: TargetForm): ExactLoss {
  const gradient = new Float64Array(rows * classes);
  const targets = form === "probabilities" ? new Float64Array(classes) : undefined;
  let loss = 0;
  let lossTerms = 0;
  for (let r = 0; r < rows; r++) {
    const start = r * classes;
    targets?.set(dense.subarray(start, start + classes));
    const target = targets ? { targets } : { label: labels[r]! };
    const row = exactRow(logits, start, classes, target, 1 / rows, gradient.subarray(start, start + classes));
    loss += row.loss / rows;
    lossTerms += row.lossTerms / rows;
  }
  return { loss, lossTerms, gradient };
}

function judge(problem: LossProblem, answer: LossAnswer, precision: Facts["precision"] | undefined): Errors {
  const form = answer.target ?? problem.target;
  const exact = problem.exact(form);
  const bounds = boundsOf(precision ?? "f32", form);
  const lossRelative = Math.abs(answer.loss - exact.loss) / exact.loss;
  const measured: Record<string, number> = { "loss, relative": lossRelative };
  const faults: string[] = [];
  if (precision !== undefined) {
    const expected = { values: [exact.loss], terms: [exact.lossTerms] };
    const { fault } = compare([answer.loss], expected, tolerance(precision, "derived"), float32, "mean loss");
    if (fault !== undefined) faults.push(fault);
  } else if (!(lossRelative <= NEARLY_RIGHT)) faults.push("the loss is not nearly right");
  if (problem.gradient) {
    const { ulp, scaled } = gradientErrors(problem, answer.gradient ?? [], form);
    measured["gradient, of 1/rows"] = scaled;
    measured["gradient, ulp"] = ulp;
    // Of a scale of 1/rows, as docs/semantics.md §7 has it; the CPU's classes allow nothing of scale.
    const allowed = bounds.gradient;
    if (precision === undefined) {
      if (!(scaled <= NEARLY_RIGHT)) faults.push("the gradient is not nearly right");
    } else if (!(ulp <= allowed.ulp || scaled <= allowed.scaled)) {
      const found = `gradient off by ${ulp} ulp, ${scaled} of 1/rows`;
      faults.push(`${found}; allowed are ${allowed.ulp} ulp or ${allowed.scaled} of 1/rows`);
    }
  }
  return { measured, fault: faults[0] };
}

/** The largest errors of a gradient: in units in the last place, and as a share of the largest that there can be. */
function gradientErrors(
  problem: LossProblem,
  gradient: ArrayLike<number>,
  form: TargetForm,
): { ulp: number; scaled: number } {
  const { rows, dense } = problem;
  const { gradient: exact } = problem.exact(form);
  const bound = boundsOf("f32", form).gradient;
  let ulp = 0;
  let scaled = 0;
  for (let i = 0; i < exact.length; i++) {
    const expected = exact[i]!;
    const actual = gradient[i] ?? Number.NaN;
    const target = form === "probabilities" ? dense[i]! / rows : 0;
    const off = ulpsOff(actual, expected, Math.max(Math.abs(expected + target), target), bound);
    // Comparisons that NaN fails.
    if (!(off <= ulp)) ulp = off;
    const distance = Math.abs(actual - expected) * rows;
    if (!(distance <= scaled)) scaled = distance;
  }
  return { ulp, scaled };
}
