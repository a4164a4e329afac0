import { withTemporaries } from "../ops/apply.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { crossEntropyGradient, crossEntropyRows } from "./cross-entropy-rows.ts";
import { derivedDerivatives, derivedGradient, derivedRows } from "./derived-terms.ts";
import { type LossOnDevice, type LossPoint, onDevice } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import { kernelGradient, kernelRows } from "./row-kernel.ts";

/** Whether one kernel call computes the rows of a problem; else they are derived. */
export function isNative({ terms }: LossProblem, z: Tensor): boolean {
  return terms === undefined || z.runtime.facts.lossTerms === true;
}

/** The losses of the rows, not weighted, of the batch's shape. */
export function rowLosses(problem: LossProblem, z: Tensor, q: Tensor | undefined): Tensor {
  if (!isNative(problem, z)) return derivedRows(problem, z, q);
  return withTemporaries((temporary) => {
    const loss = onDevice(problem, youngestRegion(q === undefined ? [z] : [z, q]), temporary);
    if (problem.terms === undefined) return crossEntropyRows(loss, z, q).rows;
    return kernelRows(loss, z, q, {}, derivedDerivatives).rows;
  });
}

/** scale·u·∂ℓ/∂z, of the shape of the logits; `u` has one number a row, 1 if absent. */
export function rowGradient(loss: LossOnDevice, point: LossPoint, u: Tensor | undefined, scale: number): Tensor {
  const { problem } = loss;
  if (!isNative(problem, point.z)) return derivedGradient(problem, point.z, point.q, u, scale);
  if (problem.terms === undefined) return crossEntropyGradient(loss, point, u, scale);
  return kernelGradient(loss, point, u, scale, derivedDerivatives);
}
