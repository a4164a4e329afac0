import { derivedDiagnostics, derivedState } from "./derived-state.ts";
import { derivedRows } from "./derived-terms.ts";
import type { LossTensors } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import type { RowLosses, WantedOutputs } from "./row-kernel.ts";
import { isNative, keptProblem, nativeRows } from "./row-losses.ts";

/** The losses of the rows, not weighted, of the batch's shape; and what else is wanted of them, as constants. */
export function rowParts(given: LossProblem, at: LossTensors, wanted: WantedOutputs): RowLosses {
  const { z, q } = at;
  const problem = keptProblem(given, at);
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
