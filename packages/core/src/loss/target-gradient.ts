import { filled } from "../ops/apply.ts";
import { mul } from "../ops/arithmetic.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { logSoftmax } from "../ops/softmax.ts";
import { type Scaled, scaled } from "../recording.ts";
import type { Tensor } from "../tensor.ts";
import { classesBack, classesLast } from "./class-axis.ts";
import { type LossOnDevice, type LossTensors, liveMask } from "./loss-on-device.ts";
import { scaledLogits } from "./scaled-logits.ts";

/** ∂ℓ/∂q = −g·(1−ε)·w·log p, p of z′, from the cotangent of the rows; 0 in rows that are not read. */
export function targetGradient({ problem, classWeights }: LossOnDevice, at: LossTensors, g: Tensor): Scaled {
  const { z, temperature } = at;
  const { axis, batch, op, smoothing, terms } = problem;
  // What cannot count has slope 0, also where log p is −∞.
  if (smoothing === 1) return scaled(filled(op, z.region, z.shape, 0), 1);
  const live = liveMask(problem, z.region);
  const given = classesLast(z, axis);
  const last = live === undefined ? given : select(live, given, 0);
  const logP = logSoftmax(terms === undefined ? last : scaledLogits(last, terms, temperature).scaled);
  const weighted = classWeights === undefined ? logP : select(classWeights, mul(logP, classWeights), 0);
  const whole = g.uniform === undefined ? mul(weighted, reshape(g, [...batch, 1])) : weighted;
  const slopes = live === undefined ? whole : select(live, whole, 0);
  return scaled(classesBack(slopes, axis), -(g.uniform ?? 1) * (1 - smoothing));
}
