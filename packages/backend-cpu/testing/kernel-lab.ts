/** What the tests of kernels share: plans run over a memory of their own, whole or block by block, with guards around every tensor. */
import { describe } from "vitest";
import { compiledKernels, type KernelVariant, link } from "../src/kernels/kernel-module.ts";
import { forThreads } from "../src/kernels/load-kernel-module.ts";
import { LOCAL_SCRATCH_BYTES, type Located, type Phase, type Scratch } from "../src/kernels/phase.ts";

/** All blocks of a phase at once, or one by one from the last to the first: the bits must be the same. */
export type Order = "at once" | "one by one, reversed";

export const orders: readonly Order[] = ["at once", "one by one, reversed"];

interface TestTensor extends Located {
  readonly length: number;
}

/** A memory with the kernels of a variant. Addresses go up; nothing is freed. */
export interface Lab {
  floats(values: ArrayLike<number>): TestTensor;
  integers(values: ArrayLike<number>): TestTensor;
  /** A tensor of `length` elements that hold NaN. */
  room(length: number): TestTensor;
  /**
   * Runs a call of a kernel.
   * @throws Error if it wrote beside a tensor, its scratch or the local scratch
   */
  run<Outputs, Inputs, Params>(
    plan: (outputs: Outputs, inputs: Inputs, params: Params, scratch: Scratch) => readonly Phase[],
    outputs: NoInfer<Outputs>,
    inputs: NoInfer<Inputs>,
    params: NoInfer<Params>,
    order?: Order,
  ): void;
  /** A copy of a tensor's elements. */
  read(tensor: TestTensor): Float32Array;
}

const GUARD_BYTES = 64;

/** Bytes that so many bytes take, to the end of the guard behind them. */
const withGuard = (bytes: number): number => Math.ceil(bytes / 64) * 64 + GUARD_BYTES;

/** What a guard holds at an address: a NaN of its own, so that neither reading it nor copying another's goes unseen. */
const guardAt = (address: number): number => 0x7fc00000 | ((address >>> 2) & 0x3fffff);

/** Where a lab must begin for the last of tensors of so many elements to end `GUARD_BYTES` before `end`. */
export function beginFor(end: number, lengths: readonly number[]): number {
  const tensors = lengths.reduce((sum, length) => sum + withGuard(4 * length), 0);
  return end - tensors - withGuard(LOCAL_SCRATCH_BYTES) - GUARD_BYTES;
}

/** A lab whose first address is `from`, in bytes. */
export async function lab(variant: KernelVariant, from = 65_536): Promise<Lab> {
  const { module } = await compiledKernels(variant, forThreads, false);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(from / 65_536) + 1, maximum: 65_535 });
  const wasm = link(module, memory);
  const guards: (readonly [begin: number, end: number])[] = [];
  let top = from;
  const advance = (begin: number, end: number): void => {
    const pages = Math.ceil(end / 65_536) - memory.buffer.byteLength / 65_536;
    if (pages > 0) memory.grow(pages);
    const words = new Int32Array(memory.buffer);
    for (let address = begin; address < end; address += 4) words[address / 4] = guardAt(address);
    guards.push([begin, end]);
    top = end;
  };
  const scratch = (bytes: number): number => {
    const address = top;
    const words = Math.ceil(bytes / 4);
    advance(address + 4 * words, address + withGuard(bytes));
    // Nothing may depend on what scratch held before.
    new Float32Array(memory.buffer, address, words).fill(Number.NaN);
    return address;
  };
  const checkGuards = (kernel: string): void => {
    const words = new Int32Array(memory.buffer);
    for (const [begin, end] of guards) {
      for (let address = begin; address < end; address += 4) {
        if (words[address / 4] === guardAt(address)) continue;
        const place = `${address - begin} bytes behind a tensor or scratch, ${end - address} before the next`;
        throw new Error(`${kernel} wrote to address ${address}: ${place}`);
      }
    }
  };
  const placed = (values: ArrayLike<number>, view: Float32ArrayConstructor | Int32ArrayConstructor): TestTensor => {
    const { length } = values;
    const address = scratch(4 * length);
    new view(memory.buffer, address, length).set(values);
    return { address, length };
  };
  advance(from, from + GUARD_BYTES);
  const local = scratch(LOCAL_SCRATCH_BYTES);
  return {
    floats: (values) => placed(values, Float32Array),
    integers: (values) => placed(values, Int32Array),
    room: (length) => ({ address: scratch(4 * length), length }),
    run(plan, outputs, inputs, params, order = "at once") {
      for (const { run, args, blocks } of plan(outputs, inputs, params, scratch)) {
        if (order === "at once") wasm[run](...args, 0, blocks, local);
        else for (let block = blocks - 1; block >= 0; block--) wasm[run](...args, block, block + 1, local);
        checkGuards(run);
      }
    },
    read: ({ address, length }) => new Float32Array(memory.buffer, address, length).slice(),
  };
}

/** The variants, each with the reason why it cannot run here, if there is one. */
export const variants: readonly { readonly variant: KernelVariant; readonly refusal: string | undefined }[] =
  await Promise.all(
    (["relaxed", "strict"] as const).map(async (variant) => ({
      variant,
      refusal: await compiledKernels(variant, forThreads, false).then(
        () => undefined,
        ({ message }: Error) => message,
      ),
    })),
  );

/** Claims about the kernels of each variant; those of one that cannot run here are skipped, with the reason. */
export function describeVariants(name: string, claims: (variant: KernelVariant) => void): void {
  for (const { variant, refusal } of variants) {
    const title = refusal === undefined ? `${name} (${variant})` : `${name} (${variant}, skipped: ${refusal})`;
    describe.skipIf(refusal !== undefined)(title, () => claims(variant));
  }
}
