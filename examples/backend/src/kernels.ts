import type { RequiredKernels } from "@surprisal/core";
import { binary, fill, select, unary } from "./elementwise.ts";
import { gemm } from "./gemm.ts";
import type { Numbers } from "./numbers.ts";
import { rearrange } from "./rearrange.ts";
import { reduce } from "./reduce.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

export const kernels: RequiredKernels<Numbers> = {
  gemm,
  unary,
  binary,
  select,
  reduce,
  rearrange,
  fill,
  gatherRows,
  scatterAddRows,
  softmaxCrossEntropy,
};
