import type { Kernels } from "../backend.ts";
import { allocate, runtimeOf, withTemporaries } from "../ops/apply.ts";
import type { Shape } from "../shape.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { derivedLinearLoss } from "./derived-linear-loss.ts";
import {
  type LinearLoss,
  type LinearOutput,
  type LinearOutputs,
  type LinearPoint,
  type RowFactors,
  tensorsAt,
} from "./linear-loss.ts";
import { onDevice } from "./loss-on-device.ts";
import { present } from "./present.ts";
import { isNative } from "./row-losses.ts";

/** One pass, unrecorded: by one kernel where the backend has it, else chunk by chunk from the required ones. */
export function linearLossOutputs(
  loss: LinearLoss,
  point: LinearPoint,
  factors: RowFactors,
  wanted: readonly LinearOutput[],
): LinearOutputs {
  const { op } = loss.problem;
  const { kernels } = runtimeOf(op, [...tensorsAt(point), ...present([factors.u, factors.state])]);
  const kernel = kernels.linearCrossEntropy;
  return kernel === undefined || !isNative(loss.problem, point.x)
    ? derivedLinearLoss(loss, point, factors, wanted)
    : nativeLinearLoss(kernel, loss, point, factors, wanted);
}

function nativeLinearLoss(
  kernel: NonNullable<Kernels["linearCrossEntropy"]>,
  { problem, transW, maxBytes }: LinearLoss,
  point: LinearPoint,
  { u, scale, state }: RowFactors,
  wanted: readonly LinearOutput[],
): LinearOutputs {
  const { op, rows, classes, smoothing, terms } = problem;
  const { x, w, b, q } = point;
  const region = youngestRegion(u === undefined ? tensorsAt(point) : [...tensorsAt(point), u]);
  const shapes: Record<LinearOutput, Shape> = {
    rowLoss: [rows],
    state: [rows, 3],
    dx: x.shape,
    dw: w.shape,
    db: [classes],
  };
  const made: Partial<Record<LinearOutput, Tensor>> = {};
  try {
    for (const name of wanted) made[name] = allocate(op, x.runtime, shapes[name], region);
    withTemporaries((temporary) => {
      const { labels, classWeights } = onDevice(problem, region, temporary);
      kernel(
        Object.fromEntries(Object.entries(made).map(([name, tensor]) => [name, tensor.storage.handle])),
        {
          x: x.handle(op),
          w: w.handle(op),
          b: b?.handle(op),
          labels: labels?.handle(op),
          probabilities: q?.handle(op),
          classWeights: classWeights?.handle(op),
          rowScale: u?.handle(op),
          state: state?.handle(op),
        },
        {
          rows,
          classes,
          inner: 1,
          smoothing,
          scale,
          ...(terms && { terms }),
          inputs: x.shape[1]!,
          transW,
          maxBytes,
        },
      );
    });
    return made;
  } catch (error) {
    for (const tensor of Object.values(made)) tensor.dispose();
    throw error;
  }
}
