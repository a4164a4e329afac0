import type { Backend, BackendProvider, HostArray, Kernels, Kind } from "@surprisal/core";
import {
  type KernelVariant,
  kernelTable,
  LOCAL_SCRATCH_BYTES,
  link,
  loadKernelModule,
  type Phase,
} from "./kernels/index.ts";
import { TensorMemory } from "./memory.ts";

export interface CpuOptions {
  readonly variant?: KernelVariant | "auto";
}

/** A tensor in WebAssembly memory. */
export interface CpuHandle {
  readonly kind: Kind;
  readonly address: number;
  readonly length: number;
}

export function cpu(options: CpuOptions = {}): BackendProvider<CpuHandle> {
  return { name: "cpu", open: () => openCpu(options.variant ?? "auto") };
}

async function openCpu(wanted: KernelVariant | "auto"): Promise<Backend<CpuHandle>> {
  const { variant, module } = await loadKernelModule(wanted);
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536 });
  const wasm = link(module, memory);
  const tensors = new TensorMemory(memory);
  const local = tensors.alloc(LOCAL_SCRATCH_BYTES).address;

  const run = (phases: readonly Phase[]) => {
    for (const { run, args, blocks } of phases) if (blocks > 0) wasm[run](...args, 0, blocks, local);
  };
  const kernels: Record<string, unknown> = {};
  for (const [name, plan] of Object.entries(kernelTable) as [string, (...args: unknown[]) => readonly Phase[]][]) {
    kernels[name] = (outputs: unknown, inputs: unknown, params: unknown) =>
      run(plan(outputs, inputs, params, (bytes: number) => tensors.alloc(bytes).address));
  }
  const view = ({ kind, address, length }: CpuHandle): HostArray =>
    kind === "i32" ? new Int32Array(memory.buffer, address, length) : new Float32Array(memory.buffer, address, length);

  return {
    facts: {
      name: "cpu",
      precision: "f32",
      floatBytes: 4,
      variant,
      strictNonFinite: true,
      maxLength: 2 ** 30 - 65_536,
      innerClass: false,
      threads: 1,
      device: "CPU",
    },
    kernels: kernels as unknown as Kernels<CpuHandle>,
    alloc: (kind, length) => ({ kind, length, address: tensors.alloc(length * 4).address }),
    free: () => {},
    write: (handle, data) => view(handle).set(data),
    read: async (handle) => view(handle).slice(),
    close: async () => {},
  };
}
