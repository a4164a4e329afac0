import { allocate, runtimeOf } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/sum.ts";
import { type InputGradient, isRecorded, record, type Scaled, scaled } from "../recording.ts";
import type { Shape } from "../shape.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import {
  kernelInputs,
  kernelParams,
  type LossTensors,
  onDevice,
  pointOf,
  tensorsAt,
  uploadsOf,
} from "./loss-on-device.ts";
import type { PlacedLoss } from "./placed-loss.ts";
import { targetGradient } from "./target-gradient.ts";
import { lossOfRows, rowFactor } from "./weighted-rows.ts";

/**
 * A scalar loss whose gradients by logits and temperature are finished in the forward pass: for a recording that
 * differentiates it once, with weights that the host knows. One buffer of the logits' size, the gradient by them.
 */
export function finishedLoss({ problem, at }: PlacedLoss, temporary: (tensor: Tensor) => Tensor): Tensor {
  const { op, batch, scale } = problem;
  const { z, q, temperature } = at;
  const inputs = tensorsAt(at);
  const runtime = runtimeOf(op, inputs);
  const region = youngestRegion(inputs);
  const loss = onDevice(problem, region, temporary);
  const weights = rowFactor(problem, region, temporary);
  const rows = temporary(allocate(op, runtime, batch, region));
  const outputFor = (source: Tensor | undefined, shape: Shape): Tensor | undefined =>
    source && isRecorded(source) ? temporary(allocate(op, runtime, shape, region)) : undefined;
  const gradient = outputFor(z, z.shape);
  const slopes = outputFor(temperature, batch);
  runtime.kernels.softmaxCrossEntropy(
    {
      rowLoss: rows.storage.handle,
      gradient: gradient?.storage.handle,
      temperatureSlope: slopes?.storage.handle,
    },
    kernelInputs(loss, at, weights),
    kernelParams(problem, z, scale),
  );
  // The loss by its temperature is the same reduction of the rows' slopes.
  const slope = slopes && temporary(lossOfRows(problem, slopes));
  const byTargets = (g: Tensor, own: LossTensors): Scaled => {
    const perRow = broadcastTo(g, batch);
    const found = targetGradient(loss, own, weights === undefined ? perRow : mul(perRow, weights));
    return scaled(found.tensor, scale * found.factor);
  };
  const pullback = (g: Tensor, own: readonly Tensor[]): (InputGradient | undefined)[] => {
    const gradients: (InputGradient | undefined)[] = [gradient && (() => times(gradient, g))];
    if (q !== undefined) gradients.push(() => byTargets(g, pointOf(own, at)));
    if (temperature !== undefined) gradients.push(slope && (() => times(slope, g)));
    return gradients;
  };
  const saved = gradient === undefined ? [] : [gradient];
  if (slope !== undefined) saved.push(slope);
  if (q !== undefined) saved.push(...uploadsOf(loss, weights));
  return record(inputs, lossOfRows(problem, rows), pullback, saved);
}

/** factor · tensor where the cotangent is known on the host, a product otherwise. */
export function times(gradient: Tensor, g: Tensor): Tensor | Scaled {
  return g.uniform === undefined ? mul(gradient, g) : scaled(gradient, g.uniform);
}
