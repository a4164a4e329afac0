// The kernels for several threads: with those of calls that are cut for them, which one thread alone never makes.
export * from "./index";
export { lossExps, lossGradients, lossGuesses, lossLargest, lossResults, lossStages } from "./loss/split-rows";
