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
import { type LossOnDevice, type LossPoint, liveMask, onDevice } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import type { LossDerivatives } from "./row-kernel.ts";
import { scaledLogits } from "./scaled-logits.ts";
import { targetGradient } from "./target-gradient.ts";

/** The row losses, of the batch's shape. */
export function derivedRows(problem: LossProblem, z: Tensor, q: Tensor | undefined): Tensor {
  const inputs = q === undefined ? [z] : [z, q];
  const pulled = (g: Tensor, at: readonly Tensor[], i: number): Tensor =>
    pulledBack(problem.op, (x) => rowsOf(problem, i === 0 ? x : at[0]!, i === 1 ? x : at[1]), at[i]!, g, at);
  return composed(
    problem.op,
    inputs,
    (x, p) => rowsOf(problem, x!, p),
    (g, at) => at.map((_, i) => () => pulled(g, at, i)),
  );
}

/** G = scale·u·∂ℓ/∂z, of the shape of z. */
export function derivedGradient(
  problem: LossProblem,
  z: Tensor,
  q: Tensor | undefined,
  u: Tensor | undefined,
  scale: number,
): Tensor {
  return withTemporaries((temporary) => {
    const region = youngestRegion([z, q, u].filter((tensor) => tensor !== undefined));
    const cotangent =
      u === undefined
        ? temporary(filled(problem.op, region, problem.batch, scale))
        : scale === 1
          ? u
          : temporary(affine(u, scale, 0));
    return pulledBack(problem.op, (x) => rowsOf(problem, x, q), z, cotangent, q === undefined ? [z] : [z, q]);
  });
}

/** The derivatives of the loss with terms, where the kernel has them: those of its derived form. */
export const derivedDerivatives: LossDerivatives = { targetGradient, curvature, targetSlope };

function curvature({ problem }: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Tensor {
  const { z, q } = at;
  return pulledBack(problem.op, (x) => derivedGradient(problem, x, q, u, scale), z, v, present([z, q, u]));
}

function targetSlope(
  { problem }: LossOnDevice,
  at: LossPoint,
  u: Tensor | undefined,
  v: Tensor,
  scale: number,
): Tensor {
  const { z, q } = at;
  return pulledBack(problem.op, (x) => derivedGradient(problem, z, x, u, scale), q!, v, present([z, q, u]));
}

/** The gradient of ⟨f(x), cotangent⟩ by x, where f also reads `others`. */
function pulledBack(
  op: string,
  f: (x: Tensor) => Tensor,
  x: Tensor,
  cotangent: Tensor,
  others: readonly Tensor[],
): Tensor {
  const region = youngestRegion([...others, cotangent]);
  const { value, gradients } = gradientsOf(op, region, ([y]) => f(y!), [x], cotangent);
  value.dispose();
  return gradients[0]!;
}

function present(tensors: readonly (Tensor | undefined)[]): Tensor[] {
  return tensors.filter((tensor) => tensor !== undefined);
}

/** r^γ·(ℓ + ε₁·w_y·r) + λ·lse² by ops. */
function rowsOf(problem: LossProblem, logits: Tensor, targets: Tensor | undefined): Tensor {
  const { axis, batch, classWeights } = problem;
  const { focal, poly, zLoss } = problem.terms!;
  const z = classesLast(logits, axis);
  const live = liveMask(problem, z.region);
  // An ignored row may hold anything.
  const { scaled: x, shift } = scaledLogits(live === undefined ? z : select(live, z, 0), problem.terms!);
  const hasFactor = focal !== 0 || poly !== 0;
  const bare = { ...problem, terms: undefined, axis: batch.length };
  const inner = hasFactor ? { ...bare, classWeights: undefined } : bare;
  let rows = withTemporaries((temporary) =>
    crossEntropyRows(onDevice(inner, x.region, temporary), x, targets && classesLast(targets, axis)),
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
