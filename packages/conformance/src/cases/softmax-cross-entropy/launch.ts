import type { CaseContext } from "../../case.ts";
import type { TrackedHandle } from "../../instrument.ts";
import { type LossProblem, type LossReference, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import type { Quantity } from "../../tolerance.ts";

/** The outputs that a call asks for. */
export type LossOutput = "rowLoss" | "gradient" | "state";

/** What came back, for the outputs that were asked for. */
export type LossResult = Partial<Record<LossOutput, ArrayLike<number>>>;

/** All of them. */
export const everyOutput: readonly LossOutput[] = ["rowLoss", "gradient", "state"];

/** Handles to use in place of those that `launch` makes. */
export interface GivenHandles {
  readonly logits?: TrackedHandle;
  readonly gradient?: TrackedHandle;
  readonly state?: TrackedHandle;
}

/** Calls the kernel on the problem and reads what was asked for. */
export async function launch(
  t: CaseContext,
  problem: LossProblem,
  wanted: readonly LossOutput[] = everyOutput,
  given: GivenHandles = {},
): Promise<LossResult> {
  const { rows, classes, inner = 1, smoothing = 0, scale = 1 } = problem;
  const outputs = {
    rowLoss: wanted.includes("rowLoss") ? t.output(rows) : undefined,
    gradient: wanted.includes("gradient") ? (given.gradient ?? t.output(rows * classes)) : undefined,
    state: wanted.includes("state") ? t.output(rows * 3) : undefined,
  };
  const inputs = {
    logits: given.logits ?? t.float(problem.logits),
    labels: problem.labels && t.i32(problem.labels),
    probabilities: problem.probabilities && t.float(problem.probabilities),
    classWeights: problem.classWeights && t.float(problem.classWeights),
    rowScale: problem.rowScale && t.float(problem.rowScale),
    state: given.state,
  };
  t.kernels.softmaxCrossEntropy(outputs, inputs, { rows, classes, inner, smoothing, scale });
  const result: LossResult = {};
  for (const name of wanted) result[name] = await t.read(outputs[name]!);
  return result;
}

/** Holds what came back to the oracle. */
export function verify(
  t: CaseContext,
  problem: LossProblem,
  result: LossResult,
  reference: LossReference = softmaxCrossEntropy(problem),
): void {
  const soft = problem.probabilities !== undefined || (problem.smoothing ?? 0) !== 0;
  if (result.rowLoss) t.check(result.rowLoss, reference.rowLoss, t.judge(soft ? "soft loss" : "loss"), "row loss");
  if (result.gradient)
    t.check(result.gradient, reference.gradient, t.judge(soft ? "soft gradient" : "gradient"), "gradient");
  if (result.state) verifyState(t, reference, result.state, "state");
}

/** m and k are moved, not computed: exact. s′ is a sum. */
export function verifyState(
  t: CaseContext,
  { state }: LossReference,
  actual: ArrayLike<number>,
  quantity: Quantity,
): void {
  const column = (list: ArrayLike<number>, c: number): number[] =>
    Array.from({ length: list.length / 3 }, (_, r) => list[3 * r + c]!);
  t.check(column(actual, 0), column(state.values, 0), t.judge("exact"), "maximum");
  t.check(column(actual, 1), column(state.values, 1), t.judge("exact"), "argmax");
  const complement = {
    values: column(state.values, 2),
    scale: column(state.scale as ArrayLike<number>, 2),
    terms: column(state.terms as ArrayLike<number>, 2),
  };
  t.check(column(actual, 2), complement, t.judge(quantity), "complement sum");
}

/** `launch`, then `verify`. */
export async function launchAndVerify(
  t: CaseContext,
  problem: LossProblem,
  wanted: readonly LossOutput[] = everyOutput,
): Promise<void> {
  verify(t, problem, await launch(t, problem, wanted));
}
