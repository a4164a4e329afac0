import type { Backend, BackendProvider, HostArray, Kernels, Kind, OpenOptions } from "@surprisal/core";
import { readsItself } from "./aliasing.ts";
import { type KernelName, kernelOf, kernelTable, mapOperands, type Operands, offeredKernels } from "./kernel-names.ts";
import { macrotaskQueue } from "./macrotask-queue.ts";

/** Faults for a deferred backend to meet, and its limits. */
export interface DeferredOptions {
  /** Whether the `index`-th kernel call (from 0, all kernels counted) fails instead of running. */
  readonly failKernel?: (name: string, index: number) => boolean;
  /** The device is lost when so many kernel calls have run. */
  readonly loseDeviceAfter?: number;
  /** The most inputs of one launch; 7 if absent, as in gpu.js on WebGPU. */
  readonly maxInputs?: number;
}

/** A failure and whether a read has told it to anyone. */
interface Failure {
  readonly error: Error;
  reported: boolean;
}

/** An immutable buffer can be swapped for another, and the cell stays. */
interface Cell<H> {
  readonly kind: Kind;
  readonly length: number;
  /** The current buffer; none for integers, before the first write, and after a failure. */
  buffer: H | undefined;
  /** What an i32 cell holds: floats. */
  integers: Float32Array | undefined;
  failure: Failure | undefined;
  freed: boolean;
}

/**
 * Any backend under the rules of gpu.js, so that code which only works on a backend of plain memory is found early:
 *
 * - every call takes effect a macrotask later, in order (`write` has copied its data by then);
 * - cells are immutable: each launch writes a fresh buffer that is swapped in when it has run, so any aliasing works;
 * - one output a launch: a kernel with several outputs is launched once for each that is asked for;
 * - at most 7 inputs a launch; i32 is held as float32 and reads back as floats;
 * - fresh and freed buffers are filled with NaN;
 * - a failed call poisons its outputs and what is computed from them; a failure that no read reports goes to `onError`
 *   and rejects `close()`.
 *
 * @example
 * const report = await checkBackend({ name: "deferred", create: () => deferred(plain()) });
 */
export function deferred<H>(provider: BackendProvider<H>, options: DeferredOptions = {}): BackendProvider {
  return {
    name: `deferred(${provider.name})`,
    async open(openOptions): Promise<Backend> {
      return deferredBackend(await provider.open(openOptions), openOptions, options) as Backend;
    },
  };
}

function deferredBackend<H>(inner: Backend<H>, { onError }: OpenOptions, options: DeferredOptions): Backend<Cell<H>> {
  const queue = macrotaskQueue();
  const failures: Failure[] = [];
  let calls = 0;
  let lost: Failure | undefined;

  const fail = (error: unknown): Failure => {
    const failure = { error: error instanceof Error ? error : new Error(String(error)), reported: false };
    failures.push(failure);
    onError(failure.error);
    return failure;
  };
  const fresh = (length: number): H => {
    const buffer = inner.alloc("float", length);
    inner.kernels.fill({ y: buffer }, {}, { value: Number.NaN, length });
    return buffer;
  };
  const release = (buffer: H | undefined, length: number): void => {
    if (buffer === undefined) return;
    inner.kernels.fill({ y: buffer }, {}, { value: Number.NaN, length });
    inner.free(buffer);
  };
  const swap = (cell: Cell<H>, buffer: H | undefined): void => {
    if (cell.buffer !== buffer) release(cell.buffer, cell.length);
    cell.buffer = buffer;
  };
  const poison = (cells: readonly Cell<H>[], failure: Failure): void => {
    for (const cell of cells) {
      swap(cell, undefined);
      cell.integers = undefined;
      cell.failure = failure;
    }
  };
  /** The buffer that a launch reads: the cell's own, or the floats of an i32 cell as the integers they stand for. */
  const inputBuffer = (cell: Cell<H>, temporary: H[]): H => {
    if (cell.kind === "float") {
      cell.buffer ??= fresh(cell.length);
      return cell.buffer;
    }
    const buffer = inner.alloc("i32", cell.length);
    temporary.push(buffer);
    inner.write(buffer, cell.integers ?? new Float32Array(cell.length));
    return buffer;
  };
  const copyOf = (cell: Cell<H>): H => {
    const copy = fresh(cell.length);
    const source = inputBuffer(cell, []);
    inner.kernels.unary({ y: copy }, { x: source }, { fn: "affine", alpha: 1, beta: 0, length: cell.length });
    return copy;
  };

  /** One launch: the kernel with the single output `wanted`, or with all outputs in place of which one is kept. */
  const launch = (
    name: KernelName,
    wanted: string,
    outputs: Operands<Cell<H>>,
    inputs: Operands<Cell<H>>,
    params: object,
  ): H => {
    const temporary: H[] = [];
    const own = readsItself(name, params);
    const written = own.length > 0 ? outputs : { [wanted]: outputs[wanted] };
    const outputBuffers = mapOperands(written, (cell, operand) =>
      own.includes(operand) ? copyOf(cell) : fresh(cell.length),
    );
    const inputBuffers = mapOperands(inputs, (cell, operand) => {
      const inPlace = own.includes(operand) ? outputBuffers[operand] : undefined;
      return inPlace ?? inputBuffer(cell, temporary);
    });
    kernelOf(inner.kernels, name)!(outputBuffers, inputBuffers, params);
    for (const buffer of temporary) inner.free(buffer);
    for (const [operand, buffer] of Object.entries(outputBuffers)) {
      if (operand !== wanted) release(buffer, outputs[operand]!.length);
    }
    return outputBuffers[wanted]!;
  };

  const runKernel = (name: KernelName, outputs: Operands<Cell<H>>, inputs: Operands<Cell<H>>, params: object): void => {
    const written = present(outputs);
    const read = [...present(inputs), ...readsItself(name, params).flatMap((operand) => outputs[operand] ?? [])];
    const index = calls++;
    if (index === options.loseDeviceAfter) lost = fail(new Error("the device was lost"));
    const cause = lost ?? read.find((cell) => cell.failure)?.failure;
    if (cause) {
      poison(written, cause);
      return;
    }
    try {
      const limit = options.maxInputs ?? 7;
      if (read.length > limit) throw new Error(`${name}: ${read.length} inputs, and a launch takes ${limit}`);
      if (options.failKernel?.(name, index)) throw new Error(`${name}: injected failure of call ${index}`);
      const results = Object.keys(outputs).flatMap((wanted) =>
        outputs[wanted] ? [[outputs[wanted], launch(name, wanted, outputs, inputs, params)] as const] : [],
      );
      for (const [cell, buffer] of results) {
        swap(cell, buffer);
        cell.failure = undefined;
      }
    } catch (error) {
      poison(written, fail(error));
    }
  };

  const readCell = (cell: Cell<H>): Promise<HostArray> => {
    const failure = lost ?? cell.failure;
    if (failure) {
      failure.reported = true;
      return Promise.reject(failure.error);
    }
    if (cell.kind === "i32") return Promise.resolve(Float32Array.from(cell.integers ?? new Float32Array(cell.length)));
    return inner.read(inputBuffer(cell, []));
  };

  return {
    facts: { ...inner.facts, name: `deferred(${inner.facts.name})` },
    kernels: kernelTable(offeredKernels(inner.kernels as Kernels), (name, outputs, inputs, params) => {
      queue.push(() => runKernel(name, outputs, inputs, params));
    }),
    alloc: (kind, length) => ({
      kind,
      length,
      buffer: undefined,
      integers: undefined,
      failure: undefined,
      freed: false,
    }),
    free(cell) {
      if (cell.freed) throw new Error("free: the handle was freed before");
      cell.freed = true;
      queue.push(() => swap(cell, undefined));
    },
    write(cell, data) {
      const copy = Float64Array.from(data);
      queue.push(() => {
        if (lost) return;
        cell.failure = undefined;
        if (cell.kind === "i32") {
          cell.integers = Float32Array.from(copy);
          return;
        }
        try {
          swap(cell, fresh(cell.length));
          inner.write(cell.buffer!, copy);
        } catch (error) {
          poison([cell], fail(error));
        }
      });
    },
    read: (cell) =>
      new Promise((resolve, reject) => {
        queue.push(() => {
          readCell(cell).then(resolve, reject);
        });
      }),
    async close() {
      await queue.drained();
      await inner.close();
      const unread = failures.find((failure) => !failure.reported);
      if (unread) throw unread.error;
    },
  };
}

function present<T>(operands: Operands<T>): T[] {
  return Object.values(operands).filter((cell): cell is T => cell !== undefined);
}
