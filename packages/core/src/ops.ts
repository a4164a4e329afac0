/** Every op, each from the file that holds its shape rule, forward, pullback and formula. */
export { linearCrossEntropy } from "./loss/linear-cross-entropy.ts";
export { softmaxCrossEntropy, softmaxCrossEntropyGradient } from "./loss/softmax-cross-entropy.ts";
export { gelu, normalCdf, relu, sigmoid, tanh } from "./ops/activations.ts";
export { abs, add, div, exp, expm1, log, log1p, mul, neg, pow, sign, sqrt, square, sub } from "./ops/arithmetic.ts";
export { equal, greater, greaterEqual, less, lessEqual } from "./ops/compare.ts";
export { argmax, clip, max, maximum, min, minimum } from "./ops/extremes.ts";
export { gather, scatterAdd } from "./ops/gather.ts";
export { linear } from "./ops/linear.ts";
export { matmul } from "./ops/matmul.ts";
export { mean } from "./ops/mean.ts";
export { reshape } from "./ops/reshape.ts";
export { select } from "./ops/select.ts";
export { concat, pad, slice } from "./ops/slice.ts";
export { logSoftmax, logSumExp, softmax } from "./ops/softmax.ts";
export { stopGradient } from "./ops/stop-gradient.ts";
export { broadcastTo, sum } from "./ops/sum.ts";
export { transpose } from "./ops/transpose.ts";
