import { type Tensor, youngestRegion } from "../tensor.ts";
import { classesLast } from "./class-axis.ts";
import type { LossTensors } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import { present } from "./present.ts";

/** A problem as the kernel is to see it: logits and probabilities laid out for it. */
export interface PlacedLoss {
  readonly problem: LossProblem;
  readonly at: LossTensors;
  /** The logits and probabilities as they were given, and what else the result depends on. */
  readonly inputs: readonly Tensor[];
}

/** Lays a problem out: a permuted copy where the class axis is not the last one and the backend wants it there. */
export function placedLoss(problem: LossProblem, logits: Tensor, temporary: (tensor: Tensor) => Tensor): PlacedLoss {
  const { axis, probabilities, temperature, rowWeights } = problem;
  const inputs = present([logits, probabilities, temperature, rowWeights.device]);
  const isMoved = axis !== logits.rank - 1 && !logits.runtime.facts.innerClass;
  const laid = (x: Tensor): Tensor => (isMoved ? temporary(classesLast(x, axis)) : x);
  const q = probabilities && laid(probabilities);
  const placed = isMoved ? { ...problem, axis: logits.rank - 1, probabilities: q } : problem;
  return { problem: placed, at: { z: laid(logits), q, temperature }, inputs };
}

/** Where the results of a loss belong. */
export function regionOfLoss({ inputs }: PlacedLoss): Tensor["region"] {
  return youngestRegion(inputs);
}
