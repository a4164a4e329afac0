// The kernels. A function runs the blocks begin ≤ block < end of one phase of a call, a block being what its docstring says; `local`
// is 64 KiB of scratch of the calling thread. Addresses are bytes, lengths are elements, everything is row-major.
// Up to 60 bytes behind an operand may be read (and are not used).
export { binary } from "./binary";
export {
  unaryExp,
  unaryExpm1,
  unaryGeluErf,
  unaryGeluTanh,
  unaryNormalCdf,
  unarySigmoid,
  unaryTanh,
} from "./exponential-functions";
export { fusesMultiplyAdd } from "./fused-multiply-add";
export { lossDetails } from "./loss/details";
export { softmaxCrossEntropyLanes } from "./loss/lanes";
export { softmaxCrossEntropyRows } from "./loss/rows";
export { multiplyPanels } from "./matrix-product";
export { packPanels } from "./matrix-product-panels";
export { multiplyRows, multiplyTransposed, sumOfRows } from "./matrix-unpacked-product";
export { adamw, sgd } from "./optimizers";
export { moveBox } from "./rearrange";
export { extremesOfColumns, extremesOfRows, mergeExtremes } from "./reduce-extremes";
export { mergeSums, sumColumns, sumRows } from "./reduce-sums";
export { gatherRows, scatterAddRows } from "./rows";
export { fill, select } from "./select";
