import { allocate, runtimeOf, withTemporaries } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/sum.ts";
import { record, type Scaled, scaled } from "../recording.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { kernelInputs, kernelParams, onDevice, uploadsOf } from "./loss-on-device.ts";
import type { PlacedLoss } from "./placed-loss.ts";
import { targetGradient } from "./target-gradient.ts";
import { reducedRows, rowFactor, weightedRows } from "./weighted-rows.ts";

/**
 * A scalar loss whose gradient by the logits is finished in the forward pass: for a recording that differentiates it once,
 * with weights that the host knows. One buffer of the logits' size, the gradient itself.
 */
export function finishedLoss({ problem, z, q }: PlacedLoss): Tensor {
  const { op, batch, scale } = problem;
  const inputs = q === undefined ? [z] : [z, q];
  const runtime = runtimeOf(op, inputs);
  const region = youngestRegion(inputs);
  return withTemporaries((temporary) => {
    const loss = onDevice(problem, region, temporary);
    const weights = rowFactor(problem, region, temporary);
    const rows = temporary(allocate(op, runtime, batch, region));
    const gradient = temporary(allocate(op, runtime, z.shape, region));
    runtime.kernels.softmaxCrossEntropy(
      { rowLoss: rows.storage.handle, gradient: gradient.storage.handle },
      { ...kernelInputs(loss, z, q), rowScale: weights?.handle(op) },
      kernelParams(problem, z, scale),
    );
    const pullback = (g: Tensor, [zIn]: readonly Tensor[]) => [
      () => times(gradient, g),
      () => {
        const perRow = broadcastTo(g, batch);
        const slopes = targetGradient(loss, zIn!, weights === undefined ? perRow : mul(perRow, weights));
        return scaled(slopes.tensor, scale * slopes.factor);
      },
    ];
    const saved = [...uploadsOf(loss), gradient, ...(weights && q ? [weights] : [])];
    return record(inputs, reducedRows(problem, temporary(weightedRows(problem, rows))), pullback, saved);
  });
}

/** factor · tensor where the cotangent is known on the host, a product otherwise. */
function times(gradient: Tensor, g: Tensor): Tensor | Scaled {
  return g.uniform === undefined ? mul(gradient, g) : scaled(gradient, g.uniform);
}
