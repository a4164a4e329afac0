/**
 * Rows that a host weight of 0 takes out where targets are probabilities; with labels such a row has the label −1. All of
 * it costs nothing while no weight is 0.
 */
import { upload } from "../ops/apply.ts";
import { select } from "../ops/select.ts";
import type { Region, Tensor } from "../tensor.ts";
import { classesBack } from "./class-axis.ts";
import type { LossProblem } from "./loss-problem.ts";

type Weighted = Pick<LossProblem, "op" | "batch" | "probabilities" | "rowWeights">;

/** Whether there are such rows. */
export function hasWeightless({ probabilities, rowWeights }: Pick<Weighted, "probabilities" | "rowWeights">): boolean {
  return probabilities !== undefined && (rowWeights.host?.includes(0) ?? false);
}

/** 1 for rows that count and 0 for those, of shape [...batch, 1]; nothing if all count. */
export function weightMask(problem: Weighted, region: Region): Tensor | undefined {
  if (!hasWeightless(problem)) return undefined;
  const { op, batch, rowWeights } = problem;
  return upload(
    op,
    region,
    rowWeights.host!.map((weight) => (weight === 0 ? 0 : 1)),
    [...batch, 1],
  );
}

/** `x`, of the shape of the logits, with 0 in those rows, where nothing reaches its gradient; itself if there are none. */
export function withoutWeightless(
  problem: Weighted & Pick<LossProblem, "axis">,
  x: Tensor,
  temporary: (tensor: Tensor) => Tensor,
): Tensor {
  const mask = weightMask(problem, x.region);
  return mask === undefined ? x : select(temporary(classesBack(temporary(mask), problem.axis)), x, 0);
}
