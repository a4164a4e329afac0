/**
 * The loss with its further terms, put together from ops: z′ by elementwise kernels, ℓ by the loss kernel, the focal and
 * poly terms as a function of ℓ, and λ·lse² from the row state. It is the loss of backends without the fact `lossTerms`,
 * and gives the second and higher derivatives on all of them: where ops are exact for confident rows, so is this.
 */
import { gradientsOf } from "../gradients/recorded.ts";
import { composed, filled, upload, withTemporaries } from "../ops/apply.ts";
import { add, affine, mul, square } from "../ops/arithmetic.ts";
import { minimum } from "../ops/extremes.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { logSumExp } from "../ops/softmax.ts";
import { type Tensor, youngestRegion } from "../tensor.ts";
import { classesLast } from "./class-axis.ts";
import { crossEntropyRows } from "./cross-entropy-rows.ts";
import { focalPoly } from "./focal-poly.ts";
import {
  type LossOnDevice,
  type LossPoint,
  type LossTensors,
  liveMask,
  onDevice,
  pointOf,
  tensorsAt,
} from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import { NO_TERMS } from "./loss-terms.ts";
import type { LossDerivatives } from "./row-kernel.ts";
import { scaledLogits } from "./scaled-logits.ts";
import { targetGradient } from "./target-gradient.ts";

/** The row losses, of the batch's shape. */
export function derivedRows(problem: LossProblem, at: LossTensors): Tensor {
  return composed(
    problem.op,
    tensorsAt(at),
    (...own) => rowsOf(problem, pointOf(own, at)),
    (g, own) => own.map((_, i) => () => slopeOfRows(problem, pointOf(own, at), g, i)),
  );
}

/** G = scale·u·∂ℓ/∂z, of the shape of z. */
export function derivedGradient(problem: LossProblem, at: LossTensors, u: Tensor | undefined, scale: number): Tensor {
  return withTemporaries((temporary) => {
    const tensors = tensorsAt(at);
    const region = youngestRegion(u === undefined ? tensors : [...tensors, u]);
    const cotangent =
      u === undefined
        ? temporary(filled(problem.op, region, problem.batch, scale))
        : scale === 1
          ? u
          : temporary(affine(u, scale, 0));
    return slopeOfRows(problem, at, cotangent, 0);
  });
}

/** The derivatives of the loss with terms, where the kernel has them: those of its derived form. */
export const derivedDerivatives: LossDerivatives = {
  targetGradient,
  curvature: (loss, at, u, v, scale) => slopeOfGradient(loss, at, u, v, scale, 0),
  targetSlope: (loss, at, u, v, scale) => slopeOfGradient(loss, at, u, v, scale, 1),
  byTemperature: {
    slope: (loss, at, u, v, scale) => slopeOfGradient(loss, at, u, v, scale, tensorsAt(at).length - 1),
    ofSlopes({ problem }, at, g, i) {
      const slopes = (point: LossTensors): Tensor => slopeOfRows(problem, point, g, tensorsAt(point).length - 1);
      return pulledBack(problem.op, slopes, at, i, undefined, [g]);
    },
  },
};

/** ∂⟨ℓ, g⟩ by tensor i of the point. */
function slopeOfRows(problem: LossProblem, at: LossTensors, g: Tensor, i: number): Tensor {
  return pulledBack(problem.op, (point) => rowsOf(problem, point), at, i, g);
}

/** ∂⟨G, v⟩ by tensor i of the point. */
function slopeOfGradient(
  { problem }: LossOnDevice,
  at: LossPoint,
  u: Tensor | undefined,
  v: Tensor,
  scale: number,
  i: number,
): Tensor {
  const gradient = (point: LossTensors): Tensor => derivedGradient(problem, point, u, scale);
  return pulledBack(problem.op, gradient, at, i, v, u === undefined ? [] : [u]);
}

/** The gradient of ⟨f, cotangent⟩ by tensor i of the point, or of a scalar f itself; f also reads `others`. */
function pulledBack(
  op: string,
  f: (at: LossTensors) => Tensor,
  at: LossTensors,
  i: number,
  cotangent: Tensor | undefined,
  others: readonly Tensor[] = [],
): Tensor {
  const tensors = tensorsAt(at);
  const region = youngestRegion([...tensors, ...others, ...(cotangent ? [cotangent] : [])]);
  const along = (x: Tensor): Tensor => f(pointOf(tensors.with(i, x), at));
  const { value, gradients } = gradientsOf(op, region, ([x]) => along(x!), [tensors[i]!], cotangent);
  value.dispose();
  return gradients[0]!;
}

/** r^γ·(ℓ + ε₁·w_y·r) + λ·lse² by ops. */
function rowsOf(problem: LossProblem, at: LossTensors): Tensor {
  const { axis, batch, classWeights, labels, terms = NO_TERMS } = problem;
  const { focal, poly, zLoss } = terms;
  const live = liveMask(problem, at.z.region);
  // A row that is not read may hold anything.
  const laid = (x: Tensor): Tensor => {
    const last = classesLast(x, axis);
    return live === undefined ? last : select(live, last, 0);
  };
  const { scaled: x, shift } = scaledLogits(laid(at.z), terms, at.temperature);
  const hasFactor = focal !== 0 || poly !== 0;
  const bare = { ...problem, terms: undefined, temperature: undefined, axis: batch.length };
  const inner = { ...bare, ...(labels ? {} : { marks: undefined }), ...(hasFactor && { classWeights: undefined }) };
  const targets = at.q && laid(at.q);
  let rows = withTemporaries((temporary) =>
    crossEntropyRows(onDevice(inner, x.region, temporary), { z: x, q: targets, temperature: undefined }),
  ).rows;
  if (hasFactor) rows = focalPoly(rows, focal, poly);
  if (hasFactor && classWeights !== undefined) rows = byLabelWeight(problem, rows);
  if (zLoss === 0) return rows;
  const lse = logSumExp(x, -1);
  const whole = shift === undefined ? lse : add(lse, reshape(shift, batch));
  const penalty = affine(square(whole), zLoss, 0);
  const shown = live === undefined ? penalty : select(reshape(live, batch), penalty, 0);
  return add(rows, shown);
}

/** w_y·rows; 0 for weight 0 also where the row is infinite, but NaN where it is NaN. */
function byLabelWeight({ op, labels, classWeights, batch }: LossProblem, rows: Tensor): Tensor {
  const weights = Float64Array.from(labels!, (y) => (y < 0 ? 0 : classWeights![y]!));
  const w = upload(op, rows.region, weights, batch);
  return select(w, mul(rows, w), affine(minimum(rows, 1), 0, 0));
}
