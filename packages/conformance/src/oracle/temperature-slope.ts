import { compensatedSum } from "./compensated-sum.ts";
import type { LossProblem, RowReference } from "./loss-row.ts";
import { logitSlope, noTerms } from "./scaled-logits.ts";

/** ∂ℓ/∂τ of a row, as the contract writes it, and the size of its terms: |x·f′(x)| of what is rounded on the way. */
export function temperatureSlope(problem: LossProblem, row: RowReference): readonly [value: number, terms: number] {
  if (row.ignored) return [0, 0];
  if (row.below.length === 0) return [Number.NaN, 0];
  const { targets, mass, probabilities, argmax, factor, lse, below, positions, maximum } = row;
  const { terms: options = noTerms, logits } = problem;
  const { inverseTemperature: t, softcap, zLoss, focal } = options;
  /** v_j, and what a rounded argument of its sech² makes of it. */
  const drift = (j: number): readonly [number, number] => {
    const z = logits[positions[j]!]!;
    const isMasked = z === Number.NEGATIVE_INFINITY;
    if (softcap === 0) return isMasked ? drift(argmax) : [-t * t * z, 0];
    if (isMasked) return [0, 0];
    const value = -t * z * logitSlope(z, options);
    return [value, Math.abs(value) * (1 + 2 * Math.abs((t * z) / softcap))];
  };
  const [top, topSize] = drift(argmax);
  const [mean, pulled, size] = [compensatedSum(), compensatedSum(), compensatedSum()];
  for (const [j, distance] of below.entries()) {
    if (j === argmax) continue;
    const [own, ownSize] = drift(j);
    const difference = softcap > 0 ? own - top : Number.isFinite(distance) ? t * distance : 0;
    const differenceSize = softcap > 0 ? ownSize + topSize : Math.abs(difference);
    if (probabilities[j]! > 0) {
      mean.addProduct(probabilities[j]!, difference);
      size.add(Math.abs(mass) * probabilities[j]! * differenceSize * (1 + (Number.isFinite(distance) ? distance : 0)));
    }
    if (targets[j] === 0) continue;
    pulled.addProduct(targets[j]!, difference);
    size.add(Math.abs(targets[j]!) * differenceSize);
  }
  const pull = zLoss === 0 ? 0 : 2 * zLoss * lse;
  const value = factor * (mass * mean.value() - pulled.value()) + (pull === 0 ? 0 : pull * (mean.value() + top));
  const pullSize = zLoss === 0 ? 0 : 2 * zLoss * (Math.abs(maximum) + Math.abs(lse));
  const terms =
    Math.abs(factor) * (1 + focal) * size.value() + pullSize * (Math.abs(mean.value()) + Math.abs(top) + topSize);
  return [value, terms];
}
