import type { KernelTable } from "./phase.ts";
import { threadedSoftmaxCrossEntropy } from "./split-rows.ts";
import { kernelTable } from "./table.ts";

/**
 * {@link kernelTable} with calls that may be cut for several threads, into phases of functions that only kernels for shared
 * memory have.
 */
export const threadedKernelTable: KernelTable = { ...kernelTable, softmaxCrossEntropy: threadedSoftmaxCrossEntropy };
