import { withTemporaries } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/sum.ts";
import { record, recordingsOf, type Scaled, scaled } from "../recording.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { times } from "./finished-loss.ts";
import { type LinearLoss, type LinearOutput, type LinearPoint, pointOf, tensorsAt } from "./linear-loss.ts";
import { linearLossOutputs } from "./linear-loss-outputs.ts";
import { outputNames, targetGradientOf } from "./linear-rows.ts";
import { lossOfRows, rowFactor } from "./weighted-rows.ts";

/**
 * A scalar loss whose gradients by x, w and b are finished in the forward pass, chunk by chunk: for a recording that
 * differentiates it once, with weights that the host knows. Anything else must compute the logits again.
 */
export function finishedLinearLoss(loss: LinearLoss, point: LinearPoint): Tensor {
  const { problem } = loss;
  const { scale } = problem;
  const inputs = tensorsAt(point);
  const names = outputNames(point);
  return withTemporaries((temporary) => {
    const u = rowFactor(problem, youngestRegion(inputs), temporary);
    const tracked = names.filter(
      (name, i): name is LinearOutput => name !== undefined && recordingsOf([inputs[i]!]).length > 0,
    );
    const outputs = linearLossOutputs(loss, point, { u, scale }, ["rowLoss", ...tracked]);
    for (const tensor of Object.values(outputs)) temporary(tensor);
    const saved = tracked.map((name) => outputs[name]!);
    const pullback = (g: Tensor, own: readonly Tensor[]) =>
      names.map((name) => {
        if (name === undefined) return () => byTargets(loss, pointOf(own, point), u, g);
        const gradient = outputs[name];
        return gradient && (() => times(gradient, g));
      });
    const value = lossOfRows(problem, outputs.rowLoss!);
    return record(inputs, value, pullback, u && point.q ? [...saved, u] : saved);
  });
}

/** ∂/∂q of scale·Σ u_i·ℓ_i, times g. */
function byTargets(loss: LinearLoss, point: LinearPoint, u: Tensor | undefined, g: Tensor): Scaled {
  const { batch, scale } = loss.problem;
  const perRow = broadcastTo(g, batch);
  return scaled(targetGradientOf(loss, point, u === undefined ? perRow : mul(perRow, u)), scale);
}
