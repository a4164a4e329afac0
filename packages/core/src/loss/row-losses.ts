import { withTemporaries } from "../ops/apply.ts";
import { recordingsOf } from "../recording.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { crossEntropyGradient, crossEntropyRows } from "./cross-entropy-rows.ts";
import { derivedDiagnostics, derivedState } from "./derived-state.ts";
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

/** The losses of the rows, not weighted, of the batch's shape; and what else is wanted of them, as constants. */
export function rowLosses(given: LossProblem, at: LossTensors, wanted: WantedOutputs = {}): RowLosses {
  const { z, q } = at;
  const problem = recordingsOf(tensorsAt(at)).length > 0 ? withOwnLabels(given) : given;
  const diagnosed = wanted.diagnostics === true;
  const byKernel = diagnosed && isNative(problem, z) && z.runtime.facts.lossDiagnostics === true;
  const found = isNative(problem, z)
    ? nativeRows(problem, at, { ...wanted, diagnostics: byKernel })
    : {
        rows: derivedRows(problem, at),
        state: wanted.state ? derivedState(problem, z) : undefined,
        diagnostics: undefined,
      };
  return diagnosed && !byKernel ? { ...found, diagnostics: derivedDiagnostics(problem, z, q) } : found;
}

function nativeRows(problem: LossProblem, at: LossTensors, wanted: WantedOutputs): RowLosses {
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
