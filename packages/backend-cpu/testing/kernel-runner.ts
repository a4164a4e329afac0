import type { Kernels } from "@surprisal/core";
import {
  type KernelVariant,
  kernelTable,
  LOCAL_SCRATCH_BYTES,
  type Located,
  link,
  loadKernelModule,
  type Phase,
  type Scratch,
} from "../src/kernels/index.ts";

/** A tensor that a test reads and writes directly. */
export interface TestTensor extends Located {
  readonly data: Float32Array;
}

/** In which order, and in how many calls, the blocks of a phase run: no result may depend on it. */
type Order = "at once" | "backwards, one by one";

/** Kernels over a memory of their own, for tests: nothing is ever freed but by `reset`. */
export interface KernelRunner {
  /** A tensor that holds `values`, between guards that `checkGuards` looks at. */
  tensor(values: ArrayLike<number>): TestTensor;
  run<Name extends keyof Kernels>(
    name: Name,
    outputs: Parameters<NonNullable<Kernels<Located>[Name]>>[0],
    inputs: Parameters<NonNullable<Kernels<Located>[Name]>>[1],
    params: Parameters<NonNullable<Kernels<Located>[Name]>>[2],
    order?: Order,
  ): void;
  /** Throws if a kernel has written beside a tensor. */
  checkGuards(): void;
  /** Forgets every tensor. */
  reset(): void;
}

const GUARD = 64;
const GUARD_BYTE = 0xa5;
const LOCAL = 65_536;
const TENSORS = LOCAL + LOCAL_SCRATCH_BYTES;

/** Kernels of one variant, with room for `megabytes` of tensors. */
export async function kernelRunner(variant: KernelVariant, megabytes = 64): Promise<KernelRunner> {
  const { module } = await loadKernelModule(variant);
  const memory = new WebAssembly.Memory({ initial: megabytes * 16, maximum: 65_536 });
  const functions = link(module, memory);
  const bytes = new Uint8Array(memory.buffer);
  let top = TENSORS;
  let guards: number[] = [];
  const take = (length: number): number => {
    bytes.fill(GUARD_BYTE, top, top + GUARD);
    guards.push(top);
    const address = top + GUARD;
    top = address + length;
    // The guard behind begins with the next byte; the next tensor is aligned again.
    bytes.fill(GUARD_BYTE, top, top + GUARD);
    guards.push(top);
    top = Math.ceil((top + GUARD) / 64) * 64;
    return address;
  };
  return {
    tensor(values) {
      const address = take(values.length * 4);
      const data = new Float32Array(memory.buffer, address, values.length);
      data.set(values);
      return { address, data };
    },
    run(name, outputs, inputs, params, order = "at once") {
      type Plan = (outputs: unknown, inputs: unknown, params: unknown, scratch: Scratch) => readonly Phase[];
      const plan = kernelTable[name] as Plan;
      for (const { run, args, blocks } of plan(outputs, inputs, params, take)) {
        if (order === "at once") functions[run](...args, 0, blocks, LOCAL);
        else for (let block = blocks - 1; block >= 0; block--) functions[run](...args, block, block + 1, LOCAL);
      }
    },
    checkGuards() {
      for (const guard of guards) {
        for (let i = 0; i < GUARD; i++) {
          if (bytes[guard + i] !== GUARD_BYTE) throw new Error(`a kernel wrote beside a tensor, at byte ${guard + i}`);
        }
      }
    },
    reset() {
      top = TENSORS;
      guards = [];
    },
  };
}

/** The variants, each with the reason why it cannot run here, if there is one. */
export const variants: readonly { readonly variant: KernelVariant; readonly refusal: string | undefined }[] =
  await Promise.all(
    (["relaxed", "strict"] as const).map(async (variant) => ({
      variant,
      refusal: await loadKernelModule(variant).then(
        () => undefined,
        ({ message }: Error) => message,
      ),
    })),
  );
