import {
  add,
  assign,
  type Like,
  mul,
  OptionError,
  type Parameter,
  parameterLike,
  rememberWith,
  type Scope,
  type Tensor,
  tensorsLike,
} from "@surprisal/core";
import { mapTensors } from "./map-tensors.ts";
import { parametersOf } from "./parameters.ts";

/** Gradients of several batches as those of one. */
export interface GradientAccumulator<T extends object> {
  /**
   * Adds the gradients of a batch's *summed* loss (`reduction: "sum"`), and what its rows weigh: their number, or the sum of
   * their weights.
   */
  add(gradients: Like<T>, weight: number): void;
  /** Σ gradients / Σ weights, as tensors of `step`; then begins anew. */
  take(step: Scope): Like<T>;
  /** Frees the sums. */
  dispose(): void;
}

/**
 * Accumulates gradients over batches exactly: sums and weights, so that batches of different sizes and weights give what
 * one large batch gives. A mean of means would not.
 *
 * ```js
 * accumulator.add(gradients, labels.length); // of softmaxCrossEntropy(logits, { labels }, { reduction: "sum" })
 * optimizer.update(accumulator.take(step)); // after the last part
 * ```
 */
export function gradientAccumulator<T extends object>(params: T): GradientAccumulator<T> {
  const op = "gradientAccumulator";
  const sums = parametersOf(op, params).map(parameterLike);
  let weights = 0;
  let batches = 0;
  if (sums[0] !== undefined) {
    rememberWith(sums[0], () => {
      const kept = [weights, batches] as const;
      return () => {
        [weights, batches] = kept;
      };
    });
  }
  return {
    add(gradients, weight) {
      const tensors = tensorsLike(op, params, gradients);
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
        throw new OptionError(`${op}: a batch's weight is a finite number ≥ 0, not ${String(weight)}`);
      }
      for (const [i, sum] of sums.entries()) addTo(sum, tensors[i]!, batches === 0);
      weights += weight;
      batches++;
    },
    take(step) {
      if (batches === 0) throw new OptionError(`${op}: nothing was added since the last step`);
      const scale = weights === 0 ? 0 : 1 / weights;
      let next = 0;
      weights = 0;
      batches = 0;
      return mapTensors(op, params, () => mul(step.borrow<Tensor>(sums[next++]!), scale));
    },
    dispose() {
      for (const sum of sums) sum.dispose();
    },
  };
}

/** sum += gradient; or sum = gradient, for the first. */
function addTo(sum: Parameter, gradient: Tensor, first: boolean): void {
  if (first) {
    assign(sum, gradient);
    return;
  }
  const total = add(sum, gradient);
  assign(sum, total);
  total.dispose();
}
