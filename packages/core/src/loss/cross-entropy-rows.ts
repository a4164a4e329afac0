/**
 * Row losses without further terms, whose derivatives have closed forms. With v the cotangent of G = u·(S·p − T):
 *
 *   ∂⟨G, v⟩/∂z = u·S·(p∘v − p·⟨p, v⟩)     ∂⟨G, v⟩/∂T_k = u·(⟨p, v⟩ − v_k)     ∂⟨G, v⟩/∂u = ⟨S·p − T, v⟩
 *
 * The first two depend on v only up to a constant per row: with its entry at the likeliest class taken off first, a
 * confident row keeps its tiny curvature.
 */
import { upload } from "../ops/apply.ts";
import { affine, mul } from "../ops/arithmetic.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { deviation, softmax } from "../ops/softmax.ts";
import { sum } from "../ops/sum.ts";
import { type Scaled, scaled } from "../recording.ts";
import type { Region, Tensor } from "../tensor.ts";
import { classesBack, classesLast } from "./class-axis.ts";
import { type LossOnDevice, type LossPoint, type LossTensors, liveMask } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import { kernelGradient, kernelRows, type LossDerivatives, type RowLosses, type WantedOutputs } from "./row-kernel.ts";
import { targetGradient } from "./target-gradient.ts";

/** ℓ of every row. */
export function crossEntropyRows(loss: LossOnDevice, at: LossTensors, wanted: WantedOutputs = {}): RowLosses {
  return kernelRows(loss, at, wanted, closedForms);
}

/** G = scale·u·(S·p − T). */
export function crossEntropyGradient(
  loss: LossOnDevice,
  point: LossPoint,
  u: Tensor | undefined,
  scale: number,
): Tensor {
  return kernelGradient(loss, point, u, scale, closedForms);
}

const closedForms: LossDerivatives = { targetGradient, curvature, targetSlope };

/** ∂⟨G, v⟩/∂z = u·S·p∘(c − ⟨p, c⟩), c = v − v_k. */
function curvature(loss: LossOnDevice, at: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Scaled {
  const { problem } = loss;
  const { axis, batch } = problem;
  const [z, along] = [classesLast(at.z, axis), classesLast(v, axis)];
  const live = liveMask(problem, z.region);
  const safe = live === undefined ? z : select(live, z, 0);
  const p = softmax(safe);
  let product = mul(p, deviation(safe, p, along));
  const mass = at.q === undefined ? labelMass(problem, z.region) : probabilityMass(loss, classesLast(at.q, axis));
  if (typeof mass !== "number") product = mul(product, mass);
  if (u !== undefined) product = mul(product, reshape(u, [...batch, 1]));
  if (live !== undefined) product = select(live, product, 0);
  return scaled(classesBack(product, axis), typeof mass === "number" ? scale * mass : scale);
}

/** ∂⟨G, v⟩/∂q_k = −u·(1−ε)·w_k·(c_k − ⟨p, c⟩). */
function targetSlope(
  { problem, classWeights }: LossOnDevice,
  at: LossPoint,
  u: Tensor | undefined,
  v: Tensor,
  scale: number,
): Scaled {
  const { axis, batch, smoothing } = problem;
  const z = classesLast(at.z, axis);
  const live = liveMask(problem, z.region);
  const safe = live === undefined ? z : select(live, z, 0);
  let slope = deviation(safe, softmax(safe), classesLast(v, axis));
  if (classWeights !== undefined) slope = mul(slope, classWeights);
  if (u !== undefined) slope = mul(slope, reshape(u, [...batch, 1]));
  if (live !== undefined) slope = select(live, slope, 0);
  return scaled(classesBack(slope, axis), -scale * (1 - smoothing));
}

/** S for labels: (1−ε)·w_y + (ε/C)·Σw, 0 for an ignored row; one number where all rows have the same. */
function labelMass(problem: LossProblem, region: Region): Tensor | number {
  const { op, labels, marks, classWeights, smoothing, batch } = problem;
  if (classWeights === undefined && marks === undefined) return 1;
  const mean = meanWeight(problem);
  const mass = Float64Array.from(labels!, (y) =>
    y < 0 ? 0 : (1 - smoothing) * (classWeights?.[y] ?? 1) + smoothing * mean,
  );
  return upload(op, region, mass, [...batch, 1]);
}

/** S for probabilities: Σ_j w_j·((1−ε)·q_j + ε/C). */
function probabilityMass({ problem, classWeights }: LossOnDevice, q: Tensor): Tensor {
  const { smoothing } = problem;
  const weighted = classWeights === undefined ? q : mul(q, classWeights);
  return affine(sum(weighted, -1, { keepDims: true }), 1 - smoothing, smoothing * meanWeight(problem));
}

function meanWeight({ classWeights, classes }: LossProblem): number {
  return classWeights === undefined ? 1 : classWeights.reduce((a, b) => a + b, 0) / classes;
}
