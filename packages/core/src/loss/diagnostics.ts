import { OptionError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { filled, upload } from "../ops/apply.ts";
import { abs, add, log1p, mul } from "../ops/arithmetic.ts";
import { equal, less, lessEqual } from "../ops/compare.ts";
import { argmax, min } from "../ops/extremes.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { sum } from "../ops/sum.ts";
import type { Tensor } from "../tensor.ts";
import { classesLast } from "./class-axis.ts";
import { columns } from "./derived-state.ts";
import type { LossProblem } from "./loss-problem.ts";
import type { RowLosses } from "./row-kernel.ts";
import { withoutGradient } from "./without-gradient.ts";

/** What a loss can tell of its rows, besides their losses. None of it has a gradient. */
export interface Diagnostics {
  /** How many rows have their label as the first largest logit. */
  readonly correct?: Tensor | undefined;
  /** How many rows have fewer than `topK` classes before their label. */
  readonly topK?: Tensor | undefined;
  /** log Σ_j e^z′_j of each row; −∞ for an ignored one. */
  readonly logSumExp?: Tensor | undefined;
  /** −Σ p·log p of each row; 0 for an ignored one. */
  readonly entropy?: Tensor | undefined;
  /** z′_y − max_{j≠y} z′_j of each row: below 0 where the row is wrong. */
  readonly margin?: Tensor | undefined;
  /** How many rows have a loss that is NaN or infinite, and the first of them (−1 if none). */
  readonly nonFinite?: { readonly count: Tensor; readonly first: Tensor } | undefined;
}

export type DiagnosticName = keyof Diagnostics;

const NAMES: readonly DiagnosticName[] = ["correct", "topK", "logSumExp", "entropy", "margin", "nonFinite"];

/** The diagnostics that were asked for. */
export function checkedDiagnostics(op: string, wanted: unknown): ReadonlySet<DiagnosticName> {
  if (wanted === undefined || wanted === false) return new Set();
  if (wanted === true) return new Set(NAMES);
  if (Array.isArray(wanted) && wanted.every((name) => NAMES.includes(name))) return new Set(wanted);
  const bad: unknown = Array.isArray(wanted) ? wanted.find((name) => !NAMES.includes(name)) : wanted;
  throw new OptionError(`${op}: diagnostics is true or a list of ${NAMES.join(", ")}, not ${nameOf(bad)}`);
}

/** Checks how many classes `topK` may have. */
export function checkedTopK(op: string, topK: unknown = 5): number {
  if (Number.isSafeInteger(topK) && (topK as number) > 0) return topK as number;
  throw new OptionError(`${op}: topK is a whole number above 0, not ${nameOf(topK)}`);
}

/** Whether the state and the losses of the rows do not suffice. */
export function needsEveryLogit(wanted: ReadonlySet<DiagnosticName>): boolean {
  return wanted.has("topK") || wanted.has("entropy") || wanted.has("margin");
}

/** Computes what is wanted, O(rows), from what the pass over the logits has left. */
export function diagnosticsOf(
  problem: LossProblem,
  { rows, state, diagnostics }: RowLosses,
  wanted: ReadonlySet<DiagnosticName>,
  topK: number,
): Diagnostics {
  const { op, batch, probabilities: q } = problem;
  const constant = (x: Tensor, body: (x: Tensor) => Tensor): Tensor => withoutGradient(op, [x], (y) => body(y!));
  const column = (i: number) => (x: Tensor) => reshape(columns(x, batch)[i]!, batch);
  const isNonFinite = (x: Tensor): Tensor => select(less(abs(x), Number.POSITIVE_INFINITY), 0, 1);
  const maybe = <T>(name: DiagnosticName, make: () => T): T | undefined => (wanted.has(name) ? make() : undefined);
  return {
    correct: maybe("correct", () =>
      withoutGradient(op, q ? [state!, q] : [state!], (x, targets) =>
        sum(isCorrect(problem, column(0)(x!), column(1)(x!), targets)),
      ),
    ),
    topK: maybe("topK", () =>
      constant(diagnostics!, (x) => {
        const rank = column(0)(x);
        return sum(mul(lessEqual(0, rank), less(rank, topK)));
      }),
    ),
    logSumExp: maybe("logSumExp", () => constant(state!, (x) => add(column(0)(x), log1p(column(2)(x))))),
    entropy: maybe("entropy", () => constant(diagnostics!, column(1))),
    margin: maybe("margin", () => constant(diagnostics!, column(2))),
    nonFinite: maybe("nonFinite", () => ({
      count: constant(rows, (x) => sum(isNonFinite(x))),
      first: constant(rows, (x) => firstOf(problem, isNonFinite(x))),
    })),
  };
}

/** 1 where k is the label, or the first class of the largest probability, and the row has a distribution. */
function isCorrect(problem: LossProblem, m: Tensor, k: Tensor, q: Tensor | undefined): Tensor {
  const { op, axis, batch, labels } = problem;
  const y = q === undefined ? upload(op, m.region, labels!, batch) : argmax(classesLast(q, axis));
  return mul(equal(k, y), less(abs(m), Number.POSITIVE_INFINITY));
}

/** The first row that is marked, or −1. */
function firstOf({ op, rows }: LossProblem, marked: Tensor): Tensor {
  if (rows === 0) return filled(op, marked.region, [], -1);
  const positions = upload(
    op,
    marked.region,
    Float64Array.from({ length: rows }, (_, i) => i),
    marked.shape,
  );
  const first = min(select(marked, positions, rows));
  return select(equal(first, rows), -1, first);
}
