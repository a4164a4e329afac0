import {
  inWords,
  type KernelVariant,
  LOCAL_SCRATCH_BYTES,
  loadKernelModule,
  memoryContract,
  openMemory,
  type TensorHandle,
} from "@surprisal/backend-cpu/kernels";
import type { Backend, BackendProvider, Facts, OpenOptions } from "@surprisal/core";
import { requireSharedMemory } from "./availability.ts";
import { CallMemory } from "./call-memory.ts";
import { type Chunking, worthwhileChunks } from "./chunks.ts";
import { defaultThreads, MOST_THREADS } from "./default-threads.ts";
import { Pool } from "./pool.ts";
import { type Opened, poolKernels } from "./pool-kernels.ts";
import { threads as threadsHere } from "./threads.ts";
import type { FaultPlan } from "./worker-setup.ts";

export interface WorkersOptions {
  /**
   * How many threads compute, the calling one included: 1 to 64. If absent, as many as are fastest here: one for each core
   * that the system grants, and 8 at most, since memory is no faster for more. `facts.threads` says.
   */
  readonly threads?: number;
  /** As for `cpu`: `"relaxed"`, `"strict"` or `"auto"` (default). The bits are those of `cpu` with the same variant. */
  readonly variant?: KernelVariant | "auto";
  /**
   * Where the script of the workers is served, `@surprisal/backend-workers/worker`; if absent it starts from its own text, for
   * which a Content-Security-Policy needs `worker-src blob:`.
   */
  readonly workerUrl?: string | URL;
  /** @internal */
  readonly testing?: TestingOptions;
}

/** What tests force. */
export interface TestingOptions {
  readonly faults?: FaultPlan;
  /** How long a chunk may take before its worker is taken for dead. */
  readonly patienceMs?: number;
  readonly chunking?: Chunking;
}

const OPTIONS = ["threads", "variant", "workerUrl"];

/** A chunk is some 5 ms of work. A worker that has not done one in so many milliseconds is taken for dead. */
const PATIENCE_MS = 700;

/** Waking a worker costs the caller some 8 µs; so many grains are some 180 µs of work. */
const WAKE_FROM_GRAINS = 12;

/** So long a worker may take to start. */
const START_MS = 10_000;

/**
 * The CPU with all its cores: the kernels of `cpu` on threads over one shared WebAssembly memory. Whoever computes what, the
 * bits are those of `cpu`, for any number of threads. Work too small to share runs on the calling thread.
 *
 * A worker that dies or hangs is replaced, and what it had is computed again. Opening fails with the reason where memory
 * cannot be shared: in a page, that is without the headers COOP and COEP.
 *
 * ```ts
 * const device = await openDevice([workers(), cpu()]);
 * ```
 * @throws RangeError for an unknown option or a value that it cannot have
 */
export function workers(options: WorkersOptions = {}): BackendProvider<TensorHandle> {
  checkOptions(options);
  return { name: "workers", open: (opening) => openWorkers(options, opening) };
}

function checkOptions(options: WorkersOptions): void {
  const { threads, variant } = options;
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key) && key !== "testing");
  if (unknown !== undefined) {
    throw new RangeError(`workers: there is no option "${unknown}"; the options are ${OPTIONS.join(", ")}`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new RangeError(`workers: threads is a whole number from 1 to ${MOST_THREADS}, not ${threads}`);
  }
  if (variant !== undefined && variant !== "auto" && variant !== "relaxed" && variant !== "strict") {
    throw new RangeError(`workers: variant is "auto", "relaxed" or "strict", not ${JSON.stringify(variant)}`);
  }
}

async function openWorkers(options: WorkersOptions, { onError }: OpenOptions): Promise<Backend<TensorHandle>> {
  requireSharedMemory();
  const threads = options.threads ?? (await defaultThreads());
  const start = await threadsHere(options.workerUrl);
  const { variant, module } = await loadKernelModule(options.variant ?? "auto", { shared: true });
  const tensors = openMemory(true);
  const { faults, patienceMs = PATIENCE_MS, chunking = worthwhileChunks } = options.testing ?? {};
  const wakeFrom = options.testing?.chunking ? 0 : WAKE_FROM_GRAINS;
  const pool = new Pool({ threads, module, tensors, start, faults, patienceMs, chunking, wakeFrom, onLost: onError });
  try {
    await pool.ready(START_MS);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return backendOn(
    { pool, tensors, memory: new CallMemory(tensors, pool) },
    {
      name: "workers",
      precision: "f32",
      floatBytes: 4,
      variant,
      strictNonFinite: true,
      maxLength: (tensors.largest - threads * LOCAL_SCRATCH_BYTES) / 4,
      innerClass: false,
      threads,
      device: `WebAssembly SIMD (${variant}) on ${threads} ${threads === 1 ? "thread" : "threads"}, ${inWords(tensors.limit)} at most`,
    },
  );
}

/** The contract over what is open. */
function backendOn(all: Opened, facts: Facts): Backend<TensorHandle> {
  // All that holds the memory; closing lets go of it.
  let opened: Opened | undefined = all;
  const live = (use: string): Opened => {
    if (opened === undefined) throw new Error(`workers: ${use}: the backend is closed; open another`);
    if (opened.pool.lost) throw new Error(`workers: ${use}: the device is lost: ${opened.pool.lost.message}`);
    return opened;
  };
  return {
    facts,
    kernels: poolKernels(live),
    ...memoryContract("workers", facts.maxLength, (use) => live(use).tensors),
    async close() {
      if (opened === undefined) throw new Error("workers: close: the backend is closed; open another");
      const { pool } = opened;
      opened = undefined;
      await pool.close();
      if (pool.lost) throw pool.lost;
    },
  };
}
