import {
  inWords,
  type KernelModule,
  LOCAL_SCRATCH_BYTES,
  memoryContract,
  openMemory,
  type TensorHandle,
} from "@surprisal/backend-cpu/kernels";
import type { Backend, Facts } from "@surprisal/core";
import { CallMemory } from "./call-memory.ts";
import { type Chunking, worthwhileChunks } from "./chunks.ts";
import { Pool } from "./pool.ts";
import { type Opened, poolKernels } from "./pool-kernels.ts";
import type { StartThread } from "./threads.ts";
import type { FaultPlan } from "./worker-setup.ts";

/** What tests force. */
export interface TestingOptions {
  readonly faults?: FaultPlan;
  /** How long a chunk may take before its worker is taken for dead. */
  readonly patienceMs?: number;
  readonly chunking?: Chunking;
  readonly onDeath?: (reason: string) => void;
  /** Whether calls are queued, as in a page. */
  readonly queued?: boolean;
}

export interface PoolBackendOptions extends KernelModule {
  readonly threads: number;
  readonly start: StartThread;
  readonly onError: (error: Error) => void;
  /** Ends opening. */
  readonly signal?: AbortSignal | undefined;
  readonly testing: TestingOptions;
}

/** The backend, and what others may watch it by. */
export interface PoolBackend {
  readonly backend: Backend<TensorHandle>;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
}

/** A chunk is some 5 ms of work. A worker that has not done one in so many milliseconds is taken for dead. */
const PATIENCE_MS = 700;

/** Waking a worker costs the caller some 8 µs; so many grains are some 180 µs of work. */
const WAKE_FROM_GRAINS = 12;

/** The backend on a thread that may wait: it takes part in each call, which computes before it returns. */
export async function openPoolBackend(options: PoolBackendOptions): Promise<PoolBackend> {
  const { threads, module, variant, start, onError, signal, testing } = options;
  const tensors = openMemory(true);
  const pool = new Pool({
    threads,
    module,
    tensors,
    start,
    faults: testing.faults,
    patienceMs: testing.patienceMs ?? PATIENCE_MS,
    chunking: testing.chunking ?? worthwhileChunks,
    wakeFrom: testing.chunking ? 0 : WAKE_FROM_GRAINS,
    onDeath: testing.onDeath,
    onLost: onError,
  });
  try {
    await pool.crew.open(signal);
  } catch (error) {
    await pool.crew.close();
    throw error;
  }
  const backend = backendOn(
    { pool, tensors, memory: new CallMemory(tensors, pool.crew) },
    {
      name: "workers",
      precision: "f32",
      floatBytes: 4,
      variant,
      strictNonFinite: true,
      maxLength: (tensors.largest - threads * LOCAL_SCRATCH_BYTES) / 4,
      innerClass: false,
      lossTerms: true,
      lossDiagnostics: true,
      lossTemperature: true,
      lossMarks: true,
      threads,
      device: `WebAssembly SIMD (${variant}) on ${threads} ${threads === 1 ? "thread" : "threads"}, ${inWords(tensors.limit)} at most`,
    },
  );
  return { backend, memory: tensors.memory, control: pool.control };
}

/** The contract over what is open. */
function backendOn(all: Opened, facts: Facts): Backend<TensorHandle> {
  // All that holds the memory; closing lets go of it.
  let opened: Opened | undefined = all;
  const live = (use: string): Opened => {
    if (opened === undefined) throw new Error(`workers: ${use}: the backend is closed; open another`);
    const { lost } = opened.pool.crew;
    if (lost) throw new Error(`workers: ${use}: the device is lost: ${lost.message}`);
    return opened;
  };
  return {
    facts,
    kernels: poolKernels(live),
    ...memoryContract("workers", facts.maxLength, (use) => live(use).tensors),
    async close() {
      if (opened === undefined) throw new Error("workers: close: the backend is closed; open another");
      const { crew } = opened.pool;
      opened = undefined;
      await crew.close();
      if (crew.lost) throw crew.lost;
    },
  };
}
