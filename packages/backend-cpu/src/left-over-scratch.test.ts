import { checkBackend } from "@surprisal/conformance";
import type { Backend, BackendProvider, Kernels } from "@surprisal/core";
import { expect, it } from "vitest";
import { describeVariants } from "../testing/kernel-lab.ts";
import type { CpuHandle } from "./cpu-handle.ts";
import { cpu } from "./index.ts";
import type { KernelVariant } from "./kernels/index.ts";
import { LOCAL_SCRATCH_BYTES } from "./kernels/index.ts";
import { PAGE_BYTES } from "./memory/tensor-memory.ts";

/** Opens a backend, and tells which memory it made for itself. */
async function openWithMemory(variant: KernelVariant): Promise<[Backend<CpuHandle>, WebAssembly.Memory]> {
  const { Memory } = WebAssembly;
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  try {
    const backend = await cpu({ variant }).open({ onError: () => {} });
    return [backend, made.at(-1)!];
  } finally {
    WebAssembly.Memory = Memory;
  }
}

/** A backend whose scratch holds `bits` everywhere when a kernel begins, as if an earlier call had left them. */
function littered(variant: KernelVariant, bits: number): BackendProvider<CpuHandle> {
  return {
    name: `cpu, ${variant}`,
    async open() {
      const [backend, memory] = await openWithMemory(variant);
      const table = Object.entries(backend.kernels).map(([name, kernel]) => [
        name,
        (...call: unknown[]) => {
          // The first block of the memory, behind the page of constants.
          new Uint32Array(memory.buffer, PAGE_BYTES, LOCAL_SCRATCH_BYTES / 4).fill(bits);
          (kernel as (...call: unknown[]) => void)(...call);
        },
      ]);
      return { ...backend, kernels: Object.fromEntries(table) as Kernels<CpuHandle> };
    },
  };
}

describeVariants("what an earlier call left in the scratch", (variant) => {
  it.for([
    ["NaN", 0x7fc00000],
    ["infinity", 0x7f800000],
  ] as const)("reaches no result: %s", async ([, bits]) => {
    const subject = { name: "littered", create: () => littered(variant, bits) };
    const report = await checkBackend(subject, { filter: (id) => /^(kernel|fusion)\//.test(id) });
    const failures = report.verdicts.filter(({ status }) => status === "failed");
    expect(failures.slice(0, 5).map(({ id, message }) => `${id}: ${message}`)).toEqual([]);
    expect(report.passed).toBeGreaterThan(1000);
  });
});
