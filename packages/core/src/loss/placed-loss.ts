import { type Tensor, youngestRegion } from "../tensor.ts";
import { classesLast } from "./class-axis.ts";
import type { LossProblem } from "./loss-problem.ts";
import { tempered } from "./tempered.ts";

/** A problem as the kernel is to see it: logits and probabilities laid out for it, a device's temperature applied. */
export interface PlacedLoss {
  readonly problem: LossProblem;
  readonly z: Tensor;
  readonly q: Tensor | undefined;
  /** The logits and probabilities as they were given, and what else the result depends on. */
  readonly inputs: readonly Tensor[];
}

/**
 * Lays a problem out: a permuted copy where the class axis is not the last one and the backend wants it there. With
 * `isWhole` the tempered logits are z/τ and not z/τ up to a constant a row.
 */
export function placedLoss(
  problem: LossProblem,
  logits: Tensor,
  temporary: (tensor: Tensor) => Tensor,
  isWhole: boolean,
): PlacedLoss {
  const { axis, probabilities, temperature, rowWeights, terms } = problem;
  const inputs = [logits, probabilities, temperature, rowWeights.device].filter((tensor) => tensor !== undefined);
  const isMoved = axis !== logits.rank - 1 && !logits.runtime.facts.innerClass;
  const placed = isMoved ? { ...problem, axis: logits.rank - 1 } : problem;
  const moved = (x: Tensor): Tensor => (isMoved ? temporary(classesLast(x, axis)) : x);
  let z = moved(logits);
  if (temperature !== undefined) {
    const isShifted = !isWhole && terms === undefined;
    z = temporary(tempered(placed, z, temperature, isShifted));
  }
  return { problem: placed, z, q: probabilities && moved(probabilities), inputs };
}

/** Where the results of a loss belong. */
export function regionOfLoss({ inputs }: PlacedLoss): Tensor["region"] {
  return youngestRegion(inputs);
}
