import { nodeModule } from "./node-module.ts";

/** More threads than this gain nothing on any machine that was measured, and each takes memory. */
export const MOST_THREADS = 64;

/** Memory is no faster for more threads than a few. */
const MOST_BY_DEFAULT = 8;

/** As many threads as cores that the system grants, within reason. */
export function defaultThreads(): number {
  return Math.min(MOST_BY_DEFAULT, Math.max(1, cores()));
}

function cores(): number {
  return nodeModule("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
