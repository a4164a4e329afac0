import type { Facts, PrecisionClass } from "../backend.ts";
import type { ReferenceRow } from "./reference-row.ts";
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

/** What a device gave for the row, as far as it was asked for. */
export interface AuditedRow {
  readonly loss: number | undefined;
  readonly gradient: ArrayLike<number> | undefined;
}

/** How a device's answer differs from the reference's; undefined where it does not. */
export function auditFault(
  facts: Facts,
  row: RowOfLoss,
  expected: ReferenceRow,
  found: AuditedRow,
  slack: number,
): string | undefined {
  const { classWeights = [], probabilities = [], scale, rowScale = 1 } = row;
  const weight = Math.max(1, largest(classWeights), largest(probabilities));
  const logitSize = slack === 1 ? 1 : Math.max(1, largest(row.logits));
  const bound = BOUNDS[facts.precision] * slack * logitSize * weight;
  const { loss, gradient } = found;
  if (loss !== undefined && !agree(facts, loss, expected.loss, bound * Math.max(1, Math.abs(expected.loss)))) {
    return `the loss is ${loss}, and the reference's ${expected.loss}`;
  }
  if (gradient === undefined) return undefined;
  const allowed = bound * Math.max(Math.abs(scale * rowScale), largest(expected.gradient));
  for (let j = 0; j < expected.gradient.length; j++) {
    if (agree(facts, gradient[j]!, expected.gradient[j]!, allowed)) continue;
    return `the gradient at class ${j} is ${gradient[j]}, and the reference's ${expected.gradient[j]}`;
  }
  return undefined;
}

function agree(facts: Facts, found: number, expected: number, allowed: number): boolean {
  if (Math.abs(found - expected) <= allowed || Object.is(found, expected)) return true;
  if (Number.isFinite(found)) return false;
  // A device that does not promise NaN, and a number too large for its format.
  if (!Number.isFinite(expected)) return found === expected || !facts.strictNonFinite;
  return facts.floatBytes === 4 && Math.sign(found) === Math.sign(expected) && Math.abs(expected) > 3.4e38;
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
