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
  /** Tells the handles of one backend from those of another. A WeakSet of them took a fifth of a run in float64. */
  readonly owner: symbol;
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
  const owner = Symbol("instrumented backend");
  const poison = facts.strictNonFinite ? Number.NaN : -7.25e28;
  const bytesOf = (handle: TrackedHandle): number => handle.length * (handle.kind === "float" ? facts.floatBytes : 4);

  const resolve = (handle: TrackedHandle, doing: string, operand?: string): Tracked<H> => {
    const tracked = handle as Tracked<H> | undefined;
    if (tracked?.owner === owner && !tracked.freed) return tracked;
    const fault = tracked?.owner === owner ? "was freed" : "is not one of this backend";
    throw new Error(`${operand === undefined ? doing : `${doing}.${operand}`}: the handle ${fault}`);
  };

  const offered = offeredKernels(backend.kernels as Kernels);
  const inner = new Map(offered.map((name) => [name, kernelOf(backend.kernels, name)!]));
  const untrack = (handle: Tracked<H>): H => handle.inner;

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
    const tracked = (handle: TrackedHandle, operand: string): Tracked<H> => resolve(handle, name, operand);
    const trackedOutputs = mapOperands(outputs, tracked);
    const trackedInputs = mapOperands(inputs, tracked);
    const fault =
      aliasingFault(name, trackedOutputs, trackedInputs, params) ??
      lengthFault(name, { ...trackedOutputs, ...trackedInputs }, params);
    if (fault !== undefined) throw new Error(fault);
    usage.kernelCalls.set(name, (usage.kernelCalls.get(name) ?? 0) + 1);
    const shapes = usage.shapes.get(name) ?? new Set();
    usage.shapes.set(name, shapes.add(sizesOf(params)));

    const kept = readsItself(name, params);
    const read = Object.values(trackedInputs);
    for (const [operand, handle] of Object.entries(trackedOutputs)) {
      if (handle && !kept.includes(operand) && !read.includes(handle)) poisonOutput(handle, name);
    }
    inner.get(name)!(mapOperands(trackedOutputs, untrack), mapOperands(trackedInputs, untrack), params);
  };

  return {
    facts,
    usage,
    kernels: kernelTable(offered, run),
    alloc(kind, length) {
      if (!Number.isInteger(length) || length < 0 || length > facts.maxLength) {
        throw new Error(`alloc: ${length} is no length from 0 to ${facts.maxLength}`);
      }
      const handle: Tracked<H> = { kind, length, owner, inner: backend.alloc(kind, length), freed: false };
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

/** The numbers of a call that are sizes, of operands and of layouts. */
const sizeNames: ReadonlySet<string> = new Set([
  ...["m", "n", "k", "batch", "rows", "cols", "tableRows", "classes", "inputs", "units", "length", "dims"],
  ...["outer", "axis", "inner"],
]);

function sizesOf(params: object): string {
  let sizes = "";
  for (const [name, value] of Object.entries(params)) {
    if (sizeNames.has(name)) sizes += `${sizes && " "}${name}=${value}`;
  }
  return sizes;
}
