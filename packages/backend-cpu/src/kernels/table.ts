import { linear, linearGradient } from "./linear.ts";
import { gemm } from "./matrix-product.ts";
import type { KernelTable } from "./phase.ts";
import { rearrange } from "./rearrange.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

/** Every required kernel and the fusions `linear`, `linearGradient`, `sgd` and `adamw`. */
export const kernelTable: Partial<KernelTable> = {
  gatherRows,
  gemm,
  linear,
  linearGradient,
  rearrange,
  scatterAddRows,
  softmaxCrossEntropy,
};
