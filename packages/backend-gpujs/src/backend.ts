import type { Backend, Facts } from "@surprisal/core";
import type { Accelerator, OnLost } from "./accelerator.ts";
import { type Cell, makeCell } from "./cell.ts";
import type { GpuJs } from "./gpu-js.ts";
import { binary } from "./kernels/binary.ts";
import { matrixProducts } from "./kernels/matrix-products.ts";
import { optimizers } from "./kernels/optimizers.ts";
import { rearrange } from "./kernels/rearrange.ts";
import { reduce } from "./kernels/reduce.ts";
import { rows } from "./kernels/rows.ts";
import { selectAndFill } from "./kernels/select-and-fill.ts";
import { softmaxCrossEntropy } from "./kernels/softmax-cross-entropy.ts";
import { unary } from "./kernels/unary.ts";
import { makePrograms } from "./programs.ts";
import { makeQueue } from "./queue.ts";

/** The backend on an accelerator, and how it is told that the device is lost. */
export function openBackend(
  gpuJs: GpuJs,
  accelerator: Accelerator,
  onError: (error: Error) => void,
): { readonly backend: Backend<Cell>; readonly lose: OnLost } {
  const programs = makePrograms(gpuJs, accelerator);
  const queue = makeQueue(programs, accelerator, onError);
  const { mode, maxLength, device } = accelerator;
  const facts: Facts = {
    name: "gpujs",
    precision: "f32-gpu",
    floatBytes: 4,
    variant: mode,
    strictNonFinite: false,
    maxLength: maxLength - SPARE,
    innerClass: false,
    lossTerms: true,
    threads: 1,
    device,
  };
  const backend: Backend<Cell> = {
    facts,
    kernels: {
      ...matrixProducts(queue),
      ...unary(queue),
      ...binary(queue),
      ...selectAndFill(queue),
      ...reduce(queue),
      ...rearrange(queue),
      ...rows(queue),
      ...softmaxCrossEntropy(queue),
      ...optimizers(queue),
    },
    alloc(kind, length) {
      if (!Number.isInteger(length) || length < 0 || length > facts.maxLength) {
        throw new RangeError(`gpujs: alloc: the length is ${length}, not an integer from 0 to ${facts.maxLength}`);
      }
      return makeCell(kind, length);
    },
    free(cell) {
      if (cell.freed) throw new Error("gpujs: free: the handle was freed before");
      cell.freed = true;
      queue.free(cell);
    },
    write(cell, data) {
      if (data.length !== cell.length) {
        throw new RangeError(`gpujs: write: the data has ${data.length} elements, the handle ${cell.length}`);
      }
      queue.write(cell, Float32Array.from(data));
    },
    async read(cell) {
      const values = await queue.read(cell);
      return cell.kind === "i32" ? Int32Array.from(values) : values;
    },
    async close() {
      try {
        await queue.close();
      } finally {
        programs.destroy();
        await accelerator.close();
      }
    },
  };
  return { backend, lose: queue.lose };
}

/** Elements of an array that are the backend's own: what tells that it was computed. */
const SPARE = 4;
