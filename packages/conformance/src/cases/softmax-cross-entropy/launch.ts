import type { CaseContext } from "../../case.ts";
import type { Expected } from "../../comparison.ts";
import type { TrackedHandle } from "../../instrument.ts";
import { type LossProblem, type LossReference, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import type { Quantity } from "../../tolerance.ts";

/** The outputs that a call asks for. */
export type LossOutput = "rowLoss" | "gradient" | "state" | "diagnostics" | "temperatureSlope";

/** What came back, for the outputs that were asked for. */
export type LossResult = Partial<Record<LossOutput, ArrayLike<number>>>;

/** All of them. */
export const everyOutput: readonly LossOutput[] = ["rowLoss", "gradient", "state"];

/** Handles to use in place of those that `launch` makes. */
export interface GivenHandles {
  readonly logits?: TrackedHandle;
  readonly gradient?: TrackedHandle;
  readonly state?: TrackedHandle;
  /** Whose reciprocal the problem's terms have. */
  readonly temperature?: TrackedHandle;
}

/** Calls the kernel on the problem and reads what was asked for. */
export async function launch(
  t: CaseContext,
  problem: LossProblem,
  wanted: readonly LossOutput[] = everyOutput,
  given: GivenHandles = {},
): Promise<LossResult> {
  const { rows, classes, inner = 1, smoothing = 0, scale = 1, terms } = problem;
  const outputs = {
    rowLoss: wanted.includes("rowLoss") ? t.output(rows) : undefined,
    gradient: wanted.includes("gradient") ? (given.gradient ?? t.output(rows * classes)) : undefined,
    state: wanted.includes("state") ? t.output(rows * 3) : undefined,
    ...(wanted.includes("diagnostics") && { diagnostics: t.output(rows * 3) }),
    ...(wanted.includes("temperatureSlope") && { temperatureSlope: t.output(rows) }),
  };
  const inputs = {
    logits: given.logits ?? t.float(problem.logits),
    labels: problem.labels && t.i32(problem.labels),
    probabilities: problem.probabilities && t.float(problem.probabilities),
    classWeights: problem.classWeights && t.float(problem.classWeights),
    rowScale: problem.rowScale && t.float(problem.rowScale),
    state: given.state,
    ...(given.temperature && { temperature: given.temperature }),
  };
  // Beside a temperature on the device the host's says nothing.
  const told = terms && given.temperature ? { ...terms, inverseTemperature: 17 } : terms;
  t.kernels.softmaxCrossEntropy(outputs, inputs, {
    rows,
    classes,
    inner,
    smoothing,
    scale,
    ...(told && { terms: told }),
  });
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
  const { loss, gradient } = quantitiesOf(problem);
  if (result.rowLoss) t.check(result.rowLoss, reference.rowLoss, t.judge(loss), "row loss");
  if (result.gradient) t.check(result.gradient, reference.gradient, t.judge(gradient), "gradient");
  if (result.state) verifyState(t, reference, result.state, "state", problem.terms !== undefined);
  if (result.diagnostics) verifyDiagnostics(t, reference, result.diagnostics);
  if (result.temperatureSlope) {
    t.check(result.temperatureSlope, reference.temperatureSlope, t.judge("term loss"), "slope by the temperature");
  }
}

/** How the losses and gradients of a problem are judged. */
function quantitiesOf({ terms, probabilities, smoothing = 0 }: LossProblem): {
  readonly loss: Quantity;
  readonly gradient: Quantity;
} {
  if (terms !== undefined) return { loss: "term loss", gradient: "term gradient" };
  const isSoft = probabilities !== undefined || smoothing !== 0;
  return isSoft ? { loss: "soft loss", gradient: "soft gradient" } : { loss: "loss", gradient: "gradient" };
}

/** The i-th number of every row of three. */
function column(list: ArrayLike<number>, i: number): number[] {
  return Array.from({ length: list.length / 3 }, (_, r) => list[3 * r + i]!);
}

function columnOf({ values, scale, terms }: Required<Expected>, i: number): Required<Expected> {
  const [scales, sizes] = [scale as ArrayLike<number>, terms as ArrayLike<number>];
  return { values: column(values, i), scale: column(scales, i), terms: column(sizes, i) };
}

/** Ranks are counted: exact. Entropies and margins are computed. */
export function verifyDiagnostics(
  t: CaseContext,
  { diagnostics }: LossReference,
  actual: ArrayLike<number>,
  quantity: Quantity = "term loss",
): void {
  t.check(column(actual, 0), column(diagnostics.values, 0), t.judge("exact"), "rank");
  t.check(column(actual, 1), columnOf(diagnostics, 1), t.judge(quantity), "entropy");
  t.check(column(actual, 2), columnOf(diagnostics, 2), t.judge(quantity), "margin");
}

/** m and k are moved, not computed: exact. s′ is a sum. With terms m is computed too. */
export function verifyState(
  t: CaseContext,
  { state }: LossReference,
  actual: ArrayLike<number>,
  quantity: Quantity,
  isScaled = false,
): void {
  t.check(column(actual, 0), columnOf(state, 0), t.judge(isScaled ? largestQuantity(quantity) : "exact"), "maximum");
  t.check(column(actual, 1), column(state.values, 1), t.judge("exact"), "argmax");
  t.check(column(actual, 2), columnOf(state, 2), t.judge(quantity), "complement sum");
}

/** A scaled maximum is computed as the rest is: by one kernel or by several. */
function largestQuantity(quantity: Quantity): Quantity {
  return quantity === "derived" ? "derived" : "composed";
}

/** `launch`, then `verify`. */
export async function launchAndVerify(
  t: CaseContext,
  problem: LossProblem,
  wanted: readonly LossOutput[] = everyOutput,
): Promise<void> {
  verify(t, problem, await launch(t, problem, wanted));
}

/** As {@link launchAndVerify}, and without the state too, as a step of training asks: a backend may go another way for that. */
export async function launchBothWays(t: CaseContext, problem: LossProblem): Promise<void> {
  const reference = softmaxCrossEntropy(problem);
  for (const wanted of [everyOutput, ["rowLoss", "gradient"]] as const) {
    verify(t, problem, await launch(t, problem, wanted), reference);
  }
}
