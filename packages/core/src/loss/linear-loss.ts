import { add } from "../ops/arithmetic.ts";
import { linear } from "../ops/linear.ts";
import { matmul } from "../ops/matmul.ts";
import type { Tensor } from "../tensor.ts";
import type { LossProblem } from "./loss-problem.ts";
import { present } from "./present.ts";

/** The losses of rows whose logits a linear layer would make, z = x·W + b. */
export interface LinearLoss {
  /** Of a batch [rows] without ignored rows; a temperature on the device is in x and b already. */
  readonly problem: LossProblem;
  /** W is stored [classes, inputs]. */
  readonly transW: boolean;
  /** The most bytes that logits may take at a time. */
  readonly maxBytes: number;
}

/** What such a loss is a function of. */
export interface LinearPoint {
  /** [rows, inputs] */
  readonly x: Tensor;
  /** [inputs, classes], or its transpose */
  readonly w: Tensor;
  readonly b: Tensor | undefined;
  /** [rows, classes] */
  readonly q: Tensor | undefined;
}

/** The tensors of a point, without those that it has not. */
export function tensorsAt({ x, w, b, q }: LinearPoint): Tensor[] {
  return present([x, w, b, q]);
}

/** The point whose {@link tensorsAt} these are, where `like` says what there is. */
export function pointOf(tensors: readonly Tensor[], like: LinearPoint): LinearPoint {
  const [x, w, ...rest] = tensors;
  const b = like.b && rest.shift();
  return { x: x!, w: w!, b, q: like.q && rest.shift() };
}

/** z = x·W + b. */
export function logitsOf({ x, w, b }: LinearPoint, transW: boolean): Tensor {
  if (!transW) return linear(x, w, b);
  const product = matmul(x, w, { transposeB: true });
  return b === undefined ? product : add(product, b);
}

/** What one pass over the rows can give. */
export type LinearOutput = "rowLoss" | "state" | "dx" | "dw" | "db";

/** What was asked for. dX, dW and db are those of Σ scale·u_i·ℓ_i. */
export type LinearOutputs = { readonly [Name in LinearOutput]?: Tensor };

/** What multiplies the loss of a row: scale·u_i, u_i = 1 if absent; and the states of an earlier pass, if it kept them. */
export interface RowFactors {
  readonly u?: Tensor | undefined;
  readonly scale: number;
  readonly state?: Tensor | undefined;
}
