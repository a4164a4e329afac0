import type { Facts, PrecisionClass } from "../backend.ts";
import type { RowAnswer } from "./row-answer.ts";
import type { InputSlopes } from "./row-of-linear-loss.ts";
import type { RowOfLoss } from "./row-of-loss.ts";

/**
 * How far a device may be from the reference, in units of what it adds up: far above what rounding makes (docs/semantics.md
 * §7), since an audit looks for a device that lies, and a false alarm costs one that does not.
 */
const BOUNDS: Readonly<Record<PrecisionClass, number>> = {
  f64: 1e-10,
  "f32-rounded": 1e-5,
  f32: 1e-4,
  "f32-gpu": 1e-3,
};

/** The logits of a fused head come from another product of matrices than the device's, whose sum may run in another order. */
const HEAD_SLACK = 10;

/** What is larger stands for an infinity on a device that does not promise any: its largest number, times a weight. */
const HUGE = 1e20;

/** What a device gave for the row. */
export interface AuditedRow {
  readonly answer: RowAnswer;
  readonly inputSlopes: InputSlopes | undefined;
  readonly isHead: boolean;
}

interface Judged {
  readonly facts: Facts;
  readonly row: RowOfLoss;
  readonly found: AuditedRow;
  readonly expected: RowAnswer;
  /** What may be lost for each unit that is added up. */
  readonly bound: number;
}

/** How a device's answer differs from the reference's; undefined where it does not. */
export function auditFault(facts: Facts, row: RowOfLoss, expected: RowAnswer, found: AuditedRow): string | undefined {
  const { classWeights = [], probabilities = [] } = row;
  const weight = Math.max(1, largest(classWeights), largest(probabilities));
  const slack = found.isHead ? HEAD_SLACK * Math.max(1, largest(row.logits)) : 1;
  const judged = { facts, row, found, expected, bound: BOUNDS[facts.precision] * slack * weight };
  const faults = [lossFault, gradientFault, stateFault, diagnosticsFault, temperatureFault, inputFault];
  for (const fault of faults) {
    const says = fault(judged);
    if (says !== undefined) return says;
  }
  return undefined;
}

function lossFault({ facts, found, expected, bound }: Judged): string | undefined {
  const [loss, right] = [found.answer.rowLoss?.[0], expected.rowLoss?.[0]];
  if (loss === undefined || right === undefined) return undefined;
  return difference("the loss", facts, loss, right, bound * Math.max(1, Math.abs(right)));
}

function gradientFault({ facts, row, found, expected, bound }: Judged): string | undefined {
  const { gradient } = found.answer;
  if (gradient === undefined) return undefined;
  const right = expected.gradient!;
  const allowed = bound * Math.max(upstream(row), largest(right));
  for (let j = 0; j < right.length; j++) {
    const says = difference(`the gradient at class ${j}`, facts, gradient[j]!, right[j]!, allowed);
    if (says !== undefined) return says;
  }
  return undefined;
}

/** (m, k, s'): of several classes that are all but the largest, k may be any. */
function stateFault({ facts, row: { logits }, found, expected, bound }: Judged): string | undefined {
  const { state } = found.answer;
  if (state === undefined) return undefined;
  const [m, k, rest] = [0, 1, 2].map((i) => expected.state![i]!) as [number, number, number];
  const allowed = bound * Math.max(1, Math.abs(m));
  if (!facts.strictNonFinite && !Number.isFinite(m)) return undefined;
  const [chosen, first] = [logits[state[1]!], logits[k]];
  const isLargest =
    state[1] === k || (chosen !== undefined && first !== undefined && agree(facts, chosen, first, allowed));
  return (
    difference("the largest logit of the state", facts, state[0]!, m, allowed) ??
    (isLargest ? undefined : `the class of the state is ${state[1]}, and the reference's ${k}`) ??
    difference("the rest of the state", facts, state[2]!, rest, bound * (1 + rest || 1))
  );
}

/** (rank, entropy, margin). The rank counts the logits as they are given. */
function diagnosticsFault({ facts, row, found, expected, bound }: Judged): string | undefined {
  const { diagnostics } = found.answer;
  if (diagnostics === undefined) return undefined;
  const { inverseTemperature = 1 } = row.terms ?? {};
  const reach = Math.max(1, inverseTemperature * largest(row.logits));
  const names = ["the rank", "the entropy", "the margin"];
  for (const [i, allowed] of [0, bound * Math.log2(2 + row.logits.length), bound * reach].entries()) {
    const says = difference(names[i]!, facts, diagnostics[i]!, expected.diagnostics![i]!, allowed);
    if (says !== undefined) return says;
  }
  return undefined;
}

function temperatureFault({ facts, row, found, expected, bound }: Judged): string | undefined {
  const slope = found.answer.temperatureSlope?.[0];
  if (slope === undefined) return undefined;
  const right = expected.temperatureSlope![0]!;
  const { inverseTemperature: t, zLoss, focal, poly } = row.terms!;
  // A difference of two scaled logits, by one more t, in as many summands as the loss has.
  const reach = t * t * largest(row.logits);
  const terms = 1 + focal + Math.abs(poly) + 2 * zLoss * (t * largest(row.logits) + Math.log(row.logits.length));
  const allowed = bound * Math.max(1, Math.abs(right), reach * terms);
  return difference("the slope by the temperature", facts, slope, right, allowed);
}

function inputFault({ facts, row, found, expected, bound }: Judged): string | undefined {
  if (found.inputSlopes === undefined) return undefined;
  const { direction, product, slopes } = found.inputSlopes;
  const gradient = expected.gradient!;
  const [along, size] = dot(slopes, direction);
  const [right] = dot(gradient, product);
  const allowed = bound * (size + Math.max(upstream(row), largest(gradient)) * largest(product));
  return difference("the gradient by the input, along a direction,", facts, along, right, allowed);
}

/** What the row's gradient is multiplied by. */
function upstream({ scale, rowScale = 1 }: RowOfLoss): number {
  return Math.abs(scale * rowScale);
}

/** Σ a·b and Σ |a·b|. */
function dot(a: ArrayLike<number>, b: ArrayLike<number>): readonly [sum: number, size: number] {
  let [sum, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    sum += a[i]! * b[i]!;
    size += Math.abs(a[i]! * b[i]!);
  }
  return [sum, size];
}

function difference(what: string, facts: Facts, found: number, expected: number, allowed: number): string | undefined {
  return agree(facts, found, expected, allowed) ? undefined : `${what} is ${found}, and the reference's ${expected}`;
}

function agree({ strictNonFinite, floatBytes }: Facts, found: number, expected: number, allowed: number): boolean {
  if (found === expected || Object.is(found, expected)) return true;
  const hasSameSign = found * expected > 0;
  if (Number.isFinite(expected)) {
    if (Number.isFinite(found)) return Math.abs(found - expected) <= allowed;
    return floatBytes === 4 && hasSameSign && Math.abs(expected) > 3.4e38; // too large for the device's format
  }
  return !strictNonFinite && (!Number.isFinite(found) || (hasSameSign && Math.abs(found) > HUGE));
}

/** The largest finite magnitude. */
function largest(numbers: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) {
    const size = Math.abs(numbers[i]!);
    if (size > most && size < Number.POSITIVE_INFINITY) most = size;
  }
  return most;
}
