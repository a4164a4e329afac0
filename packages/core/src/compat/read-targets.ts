/** Targets as other systems take them: class indices on the host, or distributions on host or device. */
import { ShapeError, ValueError } from "../errors.ts";
import {
  type HostTensor,
  type HostValues,
  hostTensor,
  isBigIntArray,
  isIntegerArray,
  isNumberArray,
} from "../host-values.ts";
import type { Integers } from "../integers.ts";
import type { Targets } from "../loss/loss-options.ts";
import { upload } from "../ops/apply.ts";
import { sameShape, show } from "../shape.ts";
import { Tensor } from "../tensor.ts";

/** One row of probabilities for each of the logits: a tensor, or numbers on the host such as one-hot rows. */
export type Distributions = Tensor | HostValues;

/** Class indices for a loss; `remedy` says what takes distributions. */
export function classIndices(
  op: string,
  indices: unknown,
  logits: Tensor,
  remedy: string,
): { readonly labels: Integers } {
  if (indices instanceof Tensor) {
    throw sameShape(indices.shape, logits.shape)
      ? new ValueError(`${op}: labels ${show(indices.shape)} are distributions like the logits; ${remedy}`)
      : new ValueError(
          `${op}: class indices are host data here, and this is ${String(indices)}; pass an array or await x.data()`,
        );
  }
  if (isDistribution(op, indices, logits)) {
    throw new ValueError(`${op}: labels ${show(logits.shape)} are distributions like the logits; ${remedy}`);
  }
  return { labels: indices as Integers };
}

/** Distributions for a loss, uploaded where they are on the host; `remedy` says what takes class indices. */
export function distributions(
  op: string,
  values: unknown,
  logits: Tensor,
  remedy: string,
  temporary: (tensor: Tensor) => Tensor,
): { readonly probabilities: Tensor } {
  const { shape } = logits;
  const found =
    values instanceof Tensor ? values : isBigIntArray(values) ? undefined : hostTensor(op, values as HostValues);
  if (found === undefined || !sameShape(found.shape, shape)) {
    const given = found === undefined ? `[${(values as BigInt64Array).length}]` : show(found.shape);
    throw new ShapeError(`${op}: labels ${given} are not distributions like the logits ${show(shape)}; ${remedy}`);
  }
  if (found instanceof Tensor) return { probabilities: found };
  return { probabilities: temporary(upload(op, logits.region, found.data, shape)) };
}

/** Class indices or distributions, by their shape: the logits' own is that of distributions. */
export function eitherTargets(
  op: string,
  target: unknown,
  logits: Tensor,
  temporary: (tensor: Tensor) => Tensor,
): Targets {
  const isLike = target instanceof Tensor ? sameShape(target.shape, logits.shape) : isDistribution(op, target, logits);
  return isLike ? distributions(op, target, logits, "", temporary) : classIndices(op, target, logits, "");
}

/** Whether host values have the logits' shape. A typed array of integers never is a distribution. */
function isDistribution(op: string, values: unknown, logits: Tensor): boolean {
  if (isBigIntArray(values) || isIntegerArray(values)) return false;
  if (isNumberArray(values)) return logits.rank === 1 && values.length === logits.size;
  if (!Array.isArray(values) && !isHostTensor(values)) return false;
  return sameShape(hostTensor(op, values as HostValues).shape, logits.shape);
}

function isHostTensor(values: unknown): values is HostTensor {
  return typeof values === "object" && values !== null && "shape" in values && "data" in values;
}
