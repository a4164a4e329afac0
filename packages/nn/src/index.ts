/** What models are trained with, on core's public API: optimizers, initialisers, random streams. */
export { type AdamOptions, adam, adamW } from "./adam.ts";
export { glorotUniform } from "./initialisers.ts";
export type { Optimizer } from "./optimizer.ts";
export { permutation, type RandomStream, randomStream } from "./random-stream.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
