import { binary } from "./binary.ts";
import { linear, linearGradient } from "./linear.ts";
import { linearCrossEntropy } from "./linear-cross-entropy.ts";
import { gemm } from "./matrix-product.ts";
import { adamw, sgd } from "./optimizers.ts";
import type { KernelTable } from "./phase.ts";
import { rearrange } from "./rearrange.ts";
import { reduce } from "./reduce.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";
import { fill, select } from "./select.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import { unary } from "./unary.ts";

/** Every required kernel and the fusions. */
export const kernelTable: KernelTable = {
  adamw,
  binary,
  fill,
  gatherRows,
  gemm,
  linear,
  linearCrossEntropy,
  linearGradient,
  rearrange,
  reduce,
  scatterAddRows,
  select,
  sgd,
  softmaxCrossEntropy,
  unary,
};
