import type { Kernels, SoftmaxCrossEntropyParams } from "../backend.ts";
import { upload, uploadIntegers } from "../ops/apply.ts";
import type { Region, Tensor } from "../tensor.ts";
import { innerOf } from "./class-axis.ts";
import type { LossProblem } from "./loss-problem.ts";
import { present } from "./present.ts";

/** A loss problem with what the kernel reads besides logits, probabilities and a temperature on the device. */
export interface LossOnDevice {
  readonly problem: LossProblem;
  /** Labels, or marks beside probabilities. */
  readonly labels: Tensor | undefined;
  readonly classWeights: Tensor | undefined;
}

/** Uploads labels and class weights, once for the loss and all its derivatives, which save them. */
export function onDevice(problem: LossProblem, region: Region, temporary: (tensor: Tensor) => Tensor): LossOnDevice {
  const { op, labels, marks, classWeights } = problem;
  const integers = labels ?? marks;
  return {
    problem,
    labels: integers && temporary(uploadIntegers(op, region, integers)),
    classWeights: classWeights && temporary(upload(op, region, classWeights, [classWeights.length])),
  };
}

/** What `onDevice` uploaded, and the weights of the rows, for a recording to save. */
export function uploadsOf({ labels, classWeights }: LossOnDevice, rowScale?: Tensor): Tensor[] {
  return present([labels, classWeights, rowScale]);
}

/** The kernel's inputs. */
export function kernelInputs(
  { problem, labels, classWeights }: LossOnDevice,
  { z, q, temperature }: LossTensors,
  rowScale?: Tensor | undefined,
  state?: Tensor | undefined,
): Parameters<Kernels["softmaxCrossEntropy"]>[1] {
  const { op } = problem;
  return {
    logits: z.handle(op),
    labels: labels?.handle(op),
    probabilities: q?.handle(op),
    classWeights: classWeights?.handle(op),
    rowScale: rowScale?.handle(op),
    temperature: temperature?.handle(op),
    state: state?.handle(op),
  };
}

/** The kernel's host numbers. */
export function kernelParams(problem: LossProblem, z: Tensor, scale: number): SoftmaxCrossEntropyParams {
  const { rows, classes, axis, smoothing, terms } = problem;
  return { rows, classes, inner: innerOf(z.shape, axis), smoothing, scale, terms };
}

/** What a loss is a function of, where it is differentiated. */
export interface LossTensors {
  readonly z: Tensor;
  readonly q: Tensor | undefined;
  /** A temperature on the device. */
  readonly temperature: Tensor | undefined;
}

/** What the gradient of a loss is taken at. */
export interface LossPoint extends LossTensors {
  /** The rows' (m, k, s') from the forward pass, if it kept them. */
  readonly state: Tensor | undefined;
}

/** The tensors of a point, without those that it has not. */
export function tensorsAt({ z, q, temperature }: LossTensors): Tensor[] {
  return q === undefined && temperature === undefined ? [z] : present([z, q, temperature]);
}

/** The point whose {@link tensorsAt} these are, where `like` says what there is. */
export function pointOf<Point extends LossTensors>(tensors: readonly Tensor[], like: Point): Point {
  const [z, ...rest] = tensors;
  const q = like.q && rest.shift();
  return { ...like, z: z!, q, temperature: like.temperature && rest.shift() };
}

/** 1 for rows that are read and 0 for others, of shape [..., 1], or nothing if all are. */
export function liveMask(
  { marks, batch, op }: Pick<LossProblem, "marks" | "batch" | "op">,
  region: Region,
): Tensor | undefined {
  if (marks === undefined) return undefined;
  const live = Float64Array.from(marks, (mark) => (mark < 0 ? 0 : 1));
  return upload(op, region, live, [...batch, 1]);
}
