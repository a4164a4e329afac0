import type { Backend, BackendProvider, Facts } from "@surprisal/core";
import type { CpuHandle } from "./cpu-handle.ts";
import { compiledKernels, forOneThread, type KernelVariant, link } from "./kernels/kernel-module.ts";
import { LOCAL_SCRATCH_BYTES } from "./kernels/phase.ts";
import { phaseRunner } from "./kernels/phase-runner.ts";
import { kernelTable } from "./kernels/table.ts";
import { UNIT_BYTES } from "./memory/block-allocator.ts";
import { inWords } from "./memory/bytes-in-words.ts";
import { openMemory } from "./memory/open-memory.ts";
import { memoryContract } from "./memory-contract.ts";
import { kernelsOn, type Opened } from "./run-kernels.ts";

export interface CpuOptions {
  /**
   * `"relaxed"`: fused multiply-add, the faster; results repeat bit by bit on one kind of CPU. `"strict"`: every machine
   * gives the same bits. `"auto"` (default): relaxed where engine and machine have it, else strict; `facts.variant` says.
   */
  readonly variant?: KernelVariant | "auto";
}

/**
 * The CPU: SIMD kernels over one growing WebAssembly memory of 4 GiB at most. Each call computes before it returns.
 * Opening fails with the reason where WebAssembly or its SIMD is missing or forbidden.
 *
 * ```ts
 * const device = await openDevice([cpu()]);
 * ```
 * @throws RangeError for an unknown option or variant
 */
export function cpu(options: CpuOptions = {}): BackendProvider<CpuHandle> {
  const { variant = "auto" } = options;
  const unknown = Object.keys(options).find((key) => key !== "variant");
  if (unknown !== undefined) throw new RangeError(`cpu: there is no option "${unknown}"; the option is variant`);
  if (variant !== "auto" && variant !== "relaxed" && variant !== "strict") {
    throw new RangeError(`cpu: variant is "auto", "relaxed" or "strict", not ${JSON.stringify(variant)}`);
  }
  return { name: "cpu", open: () => openCpu(variant) };
}

async function openCpu(wanted: KernelVariant | "auto"): Promise<Backend<CpuHandle>> {
  const { variant, module } = await compiledKernels(wanted, forOneThread, false);
  const tensors = openMemory();
  const local = tensors.alloc(LOCAL_SCRATCH_BYTES).start * UNIT_BYTES;
  // All that holds the memory; closing lets go of it.
  let opened: Opened | undefined = { tensors, runPhase: phaseRunner(link(module, tensors.memory), local) };
  const live = (use: string): Opened => {
    if (opened === undefined) throw new Error(`cpu: ${use}: the backend is closed; open another`);
    return opened;
  };
  const maxLength = (tensors.largest - LOCAL_SCRATCH_BYTES) / 4;
  return backendOn(
    live,
    () => {
      opened = undefined;
    },
    {
      name: "cpu",
      precision: "f32",
      floatBytes: 4,
      variant,
      strictNonFinite: true,
      maxLength,
      innerClass: false,
      lossTerms: true,
      lossDiagnostics: true,
      lossTemperature: true,
      lossMarks: true,
      threads: 1,
      device: `WebAssembly SIMD (${variant}), ${inWords(tensors.limit)} at most`,
    },
  );
}

/** The contract over what is open. */
function backendOn(live: (use: string) => Opened, release: () => void, facts: Facts): Backend<CpuHandle> {
  return {
    facts,
    kernels: kernelsOn(kernelTable, live),
    ...memoryContract("cpu", facts.maxLength, (use) => live(use).tensors),
    async close() {
      live("close");
      release();
    },
  };
}
