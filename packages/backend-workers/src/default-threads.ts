import { nodeModule } from "./node-module.ts";

/** More threads than this gain nothing on any machine that was measured, and each takes memory. */
export const MOST_THREADS = 64;

/** Memory is no faster for more threads than a few. */
const MOST_BY_DEFAULT = 8;

/** As many threads as cores that the system grants, within reason. */
export async function defaultThreads(): Promise<number> {
  return Math.min(MOST_BY_DEFAULT, Math.max(1, await cores()));
}

async function cores(): Promise<number> {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node !== undefined) {
    return nodeModule("node:os").availableParallelism();
  }
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}
