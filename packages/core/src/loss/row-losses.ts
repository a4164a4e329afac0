import { withTemporaries } from "../ops/apply.ts";
import { recordingsOf } from "../recording.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { crossEntropyGradient, crossEntropyRows } from "./cross-entropy-rows.ts";
import { derivedDerivatives, derivedGradient, derivedRows } from "./derived-terms.ts";
import { type LossOnDevice, type LossPoint, type LossTensors, onDevice, tensorsAt } from "./loss-on-device.ts";
import { type LossProblem, withOwnLabels } from "./loss-problem.ts";
import { kernelGradient, kernelRows, type RowLosses, type WantedOutputs } from "./row-kernel.ts";

/** Whether one kernel call computes the rows of a problem; else they are derived. */
export function isNative({ terms, temperature, probabilities, marks }: LossProblem, { runtime }: Tensor): boolean {
  const { facts } = runtime;
  return (
    (terms === undefined || facts.lossTerms === true) &&
    (temperature === undefined || facts.lossTemperature === true) &&
    (probabilities === undefined || marks === undefined || facts.lossMarks === true)
  );
}

/** A problem that recordings may keep, if there are any: with labels that its caller cannot change any more. */
export function keptProblem(problem: LossProblem, at: LossTensors): LossProblem {
  return recordingsOf(tensorsAt(at)).length > 0 ? withOwnLabels(problem) : problem;
}

/** The losses of the rows, not weighted, of the batch's shape. */
export function rowLosses(given: LossProblem, at: LossTensors): Tensor {
  const problem = keptProblem(given, at);
  return isNative(problem, at.z) ? nativeRows(problem, at).rows : derivedRows(problem, at);
}

/** {@link rowLosses} where they are native, and what else is wanted of the same kernel call. */
export function nativeRows(problem: LossProblem, at: LossTensors, wanted: WantedOutputs = {}): RowLosses {
  return withTemporaries((temporary) => {
    const loss = onDevice(problem, youngestRegion(tensorsAt(at)), temporary);
    if (problem.terms === undefined) return crossEntropyRows(loss, at, wanted);
    return kernelRows(loss, at, wanted, derivedDerivatives);
  });
}

/** scale·u·∂ℓ/∂z, of the shape of the logits; `u` has one number a row, 1 if absent. */
export function rowGradient(loss: LossOnDevice, point: LossPoint, u: Tensor | undefined, scale: number): Tensor {
  const { problem } = loss;
  if (!isNative(problem, point.z)) return derivedGradient(problem, point, u, scale);
  if (problem.terms === undefined) return crossEntropyGradient(loss, point, u, scale);
  return kernelGradient(loss, point, u, scale, derivedDerivatives);
}
