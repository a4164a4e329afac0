import type { Backend, HostArray, Kernels, Kind } from "@surprisal/core";
import { aliasingFault, readsItself } from "./aliasing.ts";
import { type KernelName, kernelOf, kernelTable, mapOperands, type Operands, offeredKernels } from "./kernel-names.ts";
import { operandLengths } from "./operand-lengths.ts";

/** The handle of an instrumented backend: it knows its kind and length, and whether it is still alive. */
export interface TrackedHandle {
  readonly kind: Kind;
  readonly length: number;
}

/** What an instrumented backend has counted since it was opened. */
export interface Usage {
  /** Handles made. */
  made: number;
  /** Handles freed. */
  freed: number;
  /** Handles alive: made − freed. */
  live: number;
  liveBytes: number;
  /** The most bytes that were ever alive at once. */
  peakBytes: number;
  /** Calls of each kernel. */
  readonly kernelCalls: Map<KernelName, number>;
  /** The distinct sizes that each kernel has met, as text. A backend that compiles for each shape compiles so often. */
  readonly shapes: Map<KernelName, Set<string>>;
}

/** A backend that watches its caller. */
export interface InstrumentedBackend extends Backend<TrackedHandle> {
  readonly usage: Usage;
}

interface Tracked<H> extends TrackedHandle {
  inner: H;
  freed: boolean;
}

/**
 * Wraps any backend so that wrong use of it, and outputs that it leaves unwritten, cannot pass unseen.
 *
 * - Counts handles, bytes, calls and shapes in `usage`.
 * - **Poisons every output** with NaN before a kernel call (with −7.25e28 where the backend does not promise NaN),
 *   except where the kernel reads what it overwrites (`accumulate`, aliasing that the contract declares).
 * - Throws for misuse by the caller: a handle used after `free`, freed twice or of another backend, a `write` or an
 *   operand of the wrong length or kind, aliasing that the contract forbids.
 *
 * The instrumented backend owns `backend`: closing it closes that one.
 */
export function instrument<H>(backend: Backend<H>): InstrumentedBackend {
  const { facts } = backend;
  const usage: Usage = {
    made: 0,
    freed: 0,
    live: 0,
    liveBytes: 0,
    peakBytes: 0,
    kernelCalls: new Map(),
    shapes: new Map(),
  };
  const own = new WeakSet<TrackedHandle>();
  const poison = facts.strictNonFinite ? Number.NaN : -7.25e28;
  const bytesOf = (handle: TrackedHandle): number => handle.length * (handle.kind === "float" ? facts.floatBytes : 4);

  const resolve = (handle: TrackedHandle, doing: string): Tracked<H> => {
    if (!own.has(handle)) throw new Error(`${doing}: the handle is not one of this backend`);
    const tracked = handle as Tracked<H>;
    if (tracked.freed) throw new Error(`${doing}: the handle was freed`);
    return tracked;
  };

  const poisonOutput = (handle: Tracked<H>, name: KernelName): void => {
    if (handle.length === 0 || handle.kind === "i32") return;
    // fill cannot vouch for itself.
    if (name === "fill") backend.write(handle.inner, new Float64Array(handle.length).fill(poison));
    else backend.kernels.fill({ y: handle.inner }, {}, { value: poison, length: handle.length });
  };

  const run = (
    name: KernelName,
    outputs: Operands<TrackedHandle>,
    inputs: Operands<TrackedHandle>,
    params: object,
  ): void => {
    const kernel = kernelOf(backend.kernels, name)!;
    const trackedOutputs = mapOperands(outputs, (handle, operand) => resolve(handle, `${name}.${operand}`));
    const trackedInputs = mapOperands(inputs, (handle, operand) => resolve(handle, `${name}.${operand}`));
    const fault =
      aliasingFault(name, trackedOutputs, trackedInputs, params) ??
      lengthFault(name, { ...trackedOutputs, ...trackedInputs }, params);
    if (fault !== undefined) throw new Error(fault);
    usage.kernelCalls.set(name, (usage.kernelCalls.get(name) ?? 0) + 1);
    const shapes = usage.shapes.get(name) ?? new Set();
    usage.shapes.set(name, shapes.add(sizesOf(params)));

    const kept = readsItself(name, params);
    const read = new Set(Object.values(trackedInputs));
    for (const [operand, handle] of Object.entries(trackedOutputs)) {
      if (handle && !kept.includes(operand) && !read.has(handle)) poisonOutput(handle, name);
    }
    const untrack = (handle: Tracked<H>): H => handle.inner;
    kernel(mapOperands(trackedOutputs, untrack), mapOperands(trackedInputs, untrack), params);
  };

  return {
    facts,
    usage,
    kernels: kernelTable(offeredKernels(backend.kernels as Kernels), run),
    alloc(kind, length) {
      if (!Number.isInteger(length) || length < 0 || length > facts.maxLength) {
        throw new Error(`alloc: ${length} is no length from 0 to ${facts.maxLength}`);
      }
      const handle: Tracked<H> = { kind, length, inner: backend.alloc(kind, length), freed: false };
      own.add(handle);
      usage.made++;
      usage.live++;
      usage.liveBytes += bytesOf(handle);
      usage.peakBytes = Math.max(usage.peakBytes, usage.liveBytes);
      return handle;
    },
    free(handle) {
      const tracked = resolve(handle, "free");
      tracked.freed = true;
      usage.freed++;
      usage.live--;
      usage.liveBytes -= bytesOf(tracked);
      backend.free(tracked.inner);
      // Whoever still holds the tracked handle does not keep the memory.
      tracked.inner = undefined as H;
    },
    write(handle, data) {
      const tracked = resolve(handle, "write");
      if (data.length !== tracked.length) {
        throw new Error(`write: ${data.length} numbers for a handle of ${tracked.length}`);
      }
      backend.write(tracked.inner, data);
    },
    read: (handle): Promise<HostArray> => backend.read(resolve(handle, "read").inner),
    close: () => backend.close(),
  };
}

function lengthFault<H>(name: KernelName, operands: Operands<Tracked<H>>, params: object): string | undefined {
  for (const [operand, expected] of Object.entries(operandLengths(name, params))) {
    const handle = operands[operand];
    if (handle === undefined || expected === undefined) continue;
    if (handle.length !== expected.length || handle.kind !== (expected.kind ?? "float")) {
      return `${name}: ${operand} is ${handle.kind} of ${handle.length}, and should be ${expected.kind ?? "float"} of ${expected.length}`;
    }
  }
  return undefined;
}

function sizesOf(params: object): string {
  const sizes = ["m", "n", "k", "batch", "rows", "cols", "tableRows", "classes", "inputs", "units", "length", "dims"];
  const layout = ["outer", "axis", "inner"];
  const entries = Object.entries(params).filter(([name]) => sizes.includes(name) || layout.includes(name));
  return entries.map(([name, value]) => `${name}=${value}`).join(" ");
}
