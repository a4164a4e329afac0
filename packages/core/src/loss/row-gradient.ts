/**
 * The gradient kernel as an op, G = u·(S·p − T), and its own derivatives (with v the cotangent of G):
 *
 *   ∂⟨G, v⟩/∂z = u·S·(p∘v − p·⟨p, v⟩)     ∂⟨G, v⟩/∂T_k = u·(⟨p, v⟩ − v_k)     ∂⟨G, v⟩/∂u = ⟨S·p − T, v⟩
 *
 * The first two depend on v only up to a constant per row: with its entry at the likeliest class taken off first, a
 * confident row keeps its tiny curvature.
 */

import type { Kernels, SoftmaxCrossEntropyParams } from "../backend.ts";
import { apply, filled, upload, uploadIntegers } from "../ops/apply.ts";
import { affine, mul } from "../ops/arithmetic.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { deviation, logSoftmax, softmax } from "../ops/softmax.ts";
import { sum } from "../ops/sum.ts";
import type { InputGradient, Scaled } from "../recording.ts";
import { scaled } from "../recording.ts";
import type { Region, Tensor } from "../tensor.ts";
import type { LossProblem } from "./loss-problem.ts";

/** A loss problem with what the kernel reads besides logits and probabilities on the device. */
export interface LossOnDevice {
  readonly problem: LossProblem;
  readonly labels: Tensor | undefined;
  readonly classWeights: Tensor | undefined;
}

/** Uploads labels and class weights, once for the loss and all its derivatives, which save them. */
export function onDevice(problem: LossProblem, region: Region, temporary: (tensor: Tensor) => Tensor): LossOnDevice {
  const { op, labels, classWeights } = problem;
  return {
    problem,
    labels: labels && temporary(uploadIntegers(op, region, labels)),
    classWeights: classWeights && temporary(upload(op, region, classWeights, [classWeights.length])),
  };
}

/** What `onDevice` uploaded, for a recording to save. */
export function uploadsOf({ labels, classWeights }: LossOnDevice): Tensor[] {
  return [labels, classWeights].filter((tensor) => tensor !== undefined);
}

type LossInputs = Omit<Parameters<Kernels["softmaxCrossEntropy"]>[1], "rowScale" | "state">;

/** The kernel's inputs besides the row scale and the state. */
export function kernelInputs(loss: LossOnDevice, z: Tensor, q: Tensor | undefined): LossInputs {
  const { op } = loss.problem;
  return {
    logits: z.handle(op),
    labels: loss.labels?.handle(op),
    probabilities: q?.handle(op),
    classWeights: loss.classWeights?.handle(op),
  };
}

/** The kernel's host numbers. */
export function kernelParams({ rows, classes, smoothing }: LossProblem, scale: number): SoftmaxCrossEntropyParams {
  return { rows, classes, inner: 1, smoothing, scale };
}

/** What the gradient of a loss is taken at. */
export interface LossPoint {
  readonly z: Tensor;
  readonly q: Tensor | undefined;
  /** The rows' (m, k, s') from the forward pass, if it kept them. */
  readonly state: Tensor | undefined;
}

/** G = scale·u·(S·p − T), recorded with its derivatives; `u` has one number a row, 1 if absent. */
export function rowGradient(loss: LossOnDevice, point: LossPoint, u: Tensor | undefined, scale: number): Tensor {
  const { z, q, state } = point;
  const { op } = loss.problem;
  const optional = [q, u].filter((tensor) => tensor !== undefined);
  return apply({
    op,
    inputs: [z, ...optional],
    shape: z.shape,
    saved: [...uploadsOf(loss), ...(state ? [state] : [])],
    run: (gradient, _, kernels) =>
      kernels.softmaxCrossEntropy(
        { gradient },
        { ...kernelInputs(loss, z, q), rowScale: u?.handle(op), state: state?.handle(op) },
        kernelParams(loss.problem, scale),
      ),
    pullback: (v, [zIn, ...rest]) => {
      const at = { z: zIn!, q: q && rest[0]!, state };
      const uIn = u && rest.at(-1)!;
      const gradients: InputGradient[] = [() => curvature(loss, at, uIn, v, scale)];
      if (q !== undefined) gradients.push(() => targetSlope(loss, at, uIn, v, scale));
      if (u !== undefined) gradients.push(() => sum(mul(rowGradient(loss, at, undefined, scale), v), -1));
      return gradients;
    },
  });
}

/** ∂ℓ/∂q = −g·(1−ε)·w·log p, from the cotangent of the loss. */
export function probabilitiesGradient({ problem, classWeights }: LossOnDevice, z: Tensor, g: Tensor): Scaled {
  // What cannot count has slope 0, also where log p is −∞.
  if (problem.smoothing === 1) return scaled(filled(problem.op, z.region, z.shape, 0), 1);
  const perRow = problem.reduction === "none" ? reshape(g, [...problem.batch, 1]) : g;
  const logP = logSoftmax(z);
  const weighted = classWeights === undefined ? logP : select(classWeights, mul(logP, classWeights), 0);
  return scaled(mul(weighted, perRow), -problem.scale * (1 - problem.smoothing));
}

/** ∂⟨G, v⟩/∂z = u·S·p∘(c − ⟨p, c⟩), c = v − v_k. */
function curvature(loss: LossOnDevice, { z, q }: LossPoint, u: Tensor | undefined, v: Tensor, scale: number): Scaled {
  const { problem } = loss;
  const live = liveMask(problem, z.region);
  const safe = live === undefined ? z : select(live, z, 0);
  const p = softmax(safe);
  let product = mul(p, deviation(safe, p, v));
  const mass = q === undefined ? labelMass(problem, z.region) : probabilityMass(loss, q);
  if (typeof mass !== "number") product = mul(product, mass);
  if (u !== undefined) product = mul(product, reshape(u, [...problem.batch, 1]));
  if (live !== undefined) product = select(live, product, 0);
  return scaled(product, typeof mass === "number" ? scale * mass : scale);
}

/** ∂⟨G, v⟩/∂q_k = −u·(1−ε)·w_k·(c_k − ⟨p, c⟩). */
function targetSlope(
  { problem, classWeights }: LossOnDevice,
  { z }: LossPoint,
  u: Tensor | undefined,
  v: Tensor,
  scale: number,
): Scaled {
  let slope = deviation(z, softmax(z), v);
  if (classWeights !== undefined) slope = mul(slope, classWeights);
  if (u !== undefined) slope = mul(slope, reshape(u, [...problem.batch, 1]));
  return scaled(slope, -scale * (1 - problem.smoothing));
}

/** 1 for live and 0 for ignored rows, or nothing if all live. */
function liveMask({ labels, liveRows, rows, batch, op }: LossProblem, region: Region): Tensor | undefined {
  if (labels === undefined || liveRows === rows) return undefined;
  return upload(
    op,
    region,
    Float64Array.from(labels, (label) => (label < 0 ? 0 : 1)),
    [...batch, 1],
  );
}

/** S for labels: (1−ε)·w_y + (ε/C)·Σw, 0 for an ignored row; one number where all rows have the same. */
function labelMass(
  { op, labels, classes, classWeights, smoothing, liveRows, rows, batch }: LossProblem,
  region: Region,
): Tensor | number {
  if (classWeights === undefined && liveRows === rows) return 1;
  const mean = classWeights === undefined ? 1 : classWeights.reduce((a, b) => a + b, 0) / classes;
  const mass = Float64Array.from(labels!, (y) =>
    y < 0 ? 0 : (1 - smoothing) * (classWeights?.[y] ?? 1) + smoothing * mean,
  );
  return upload(op, region, mass, [...batch, 1]);
}

/** S for probabilities: Σ_j w_j·((1−ε)·q_j + ε/C). */
function probabilityMass({ problem, classWeights }: LossOnDevice, q: Tensor): Tensor {
  const { smoothing, classes } = problem;
  const weighted = classWeights === undefined ? q : mul(q, classWeights);
  const mean = problem.classWeights === undefined ? 1 : problem.classWeights.reduce((a, b) => a + b, 0) / classes;
  return affine(sum(weighted, -1, { keepDims: true }), 1 - smoothing, smoothing * mean);
}
