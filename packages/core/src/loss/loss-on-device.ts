import type { Kernels, SoftmaxCrossEntropyParams } from "../backend.ts";
import { upload, uploadIntegers } from "../ops/apply.ts";
import type { Region, Tensor } from "../tensor.ts";
import { innerOf } from "./class-axis.ts";
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
export function kernelParams(problem: LossProblem, z: Tensor, scale: number): SoftmaxCrossEntropyParams {
  const { rows, classes, axis, smoothing, terms } = problem;
  return { rows, classes, inner: innerOf(z.shape, axis), smoothing, scale, ...(terms && { terms }) };
}

/** What the gradient of a loss is taken at. */
export interface LossPoint {
  readonly z: Tensor;
  readonly q: Tensor | undefined;
  /** The rows' (m, k, s') from the forward pass, if it kept them. */
  readonly state: Tensor | undefined;
}

/** 1 for rows that are read and 0 for others, of shape [..., 1], or nothing if all are. */
export function liveMask(
  { labels, liveRows, rows, batch, op }: Pick<LossProblem, "labels" | "liveRows" | "rows" | "batch" | "op">,
  region: Region,
): Tensor | undefined {
  if (labels === undefined || liveRows === rows) return undefined;
  return upload(
    op,
    region,
    Float64Array.from(labels, (label) => (label < 0 ? 0 : 1)),
    [...batch, 1],
  );
}
