import { type KernelVariant, loadKernelModule } from "@surprisal/backend-cpu/kernels";
import type { Backend, BackendProvider, OpenOptions } from "@surprisal/core";
import { mayWait, requireSharedMemory } from "./availability.ts";
import { defaultThreads, MOST_THREADS } from "./default-threads.ts";
import { openPoolBackend, type TestingOptions } from "./pool-backend.ts";
import { threads as threadsFrom } from "./threads.ts";

export interface WorkersOptions {
  /**
   * How many threads compute: 1 to 64. If absent, as many as are fastest here: one for each core that the system grants, and
   * 8 at most, since memory is no faster for more. `facts.threads` says. The calling thread is one of them, except a page's.
   */
  readonly threads?: number;
  /** As for `cpu`: `"relaxed"`, `"strict"` or `"auto"` (default). The bits are those of `cpu` with the same variant. */
  readonly variant?: KernelVariant | "auto";
  /**
   * Where the script of the workers is served, `@surprisal/backend-workers/worker`; if absent it starts from its own text, for
   * which a page's Content-Security-Policy needs `worker-src blob:`.
   */
  readonly workerUrl?: string | URL;
  /** @internal */
  readonly testing?: TestingOptions;
}

const OPTIONS = ["threads", "variant", "workerUrl"];

/**
 * The CPU with all its cores: the kernels of `cpu` on threads over one shared WebAssembly memory. Whoever computes what, the
 * bits are those of `cpu`, for any number of threads. Work too small to share runs on the calling thread.
 *
 * A worker that dies or hangs is replaced, and what it had is computed again. On a page, whose thread must not wait, calls are
 * queued to the workers. Opening fails with the reason where memory cannot be shared: in a page, that is without the headers
 * COOP and COEP.
 *
 * ```ts
 * const device = await openDevice([workers(), cpu()]);
 * ```
 * @throws RangeError for an unknown option or a value that it cannot have
 */
export function workers(options: WorkersOptions = {}): BackendProvider {
  checkOptions(options);
  const { workerUrl } = options;
  const url = workerUrl === undefined ? undefined : addressOf(workerUrl);
  return { name: "workers", open: (opening) => openWorkers(options, url, opening) };
}

function checkOptions(options: WorkersOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new RangeError(`workers: the options are ${String(options)}, not an object such as { threads: 2 }`);
  }
  const { threads, variant } = options;
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key) && key !== "testing");
  if (unknown !== undefined) {
    throw new RangeError(`workers: there is no option "${unknown}"; the options are ${OPTIONS.join(", ")}`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new RangeError(`workers: threads is a whole number from 1 to ${MOST_THREADS}, not ${inQuotes(threads)}`);
  }
  if (variant !== undefined && variant !== "auto" && variant !== "relaxed" && variant !== "strict") {
    throw new RangeError(`workers: variant is "auto", "relaxed" or "strict", not ${inQuotes(variant)}`);
  }
}

/** A value as one would write it: what is text stands in quotes. */
function inQuotes(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function addressOf(workerUrl: string | URL): URL {
  const base = globalThis.location?.href;
  try {
    return new URL(workerUrl, base);
  } catch (cause) {
    const remedy = base === undefined ? "; without a page it must be absolute: new URL(…, import.meta.url)" : "";
    throw new RangeError(`workers: workerUrl ${inQuotes(workerUrl)} is no address${remedy}`, { cause });
  }
}

async function openWorkers(
  options: WorkersOptions,
  url: URL | undefined,
  { onError, signal }: OpenOptions,
): Promise<Backend> {
  signal?.throwIfAborted();
  requireSharedMemory();
  const { testing = {} } = options;
  const threads = options.threads ?? defaultThreads();
  const kernels = await loadKernelModule(options.variant ?? "auto", { shared: true });
  if (mayWait() && !testing.queued) {
    const script = url ?? (await import("./computing-worker.generated.ts")).computingWorkerSource;
    const start = threadsFrom(script);
    return (await openPoolBackend({ ...kernels, threads, start, onError, signal, testing })).backend as Backend;
  }
  const script = url ?? (await import("./worker.generated.ts")).workerSource;
  const { openQueuedBackend } = await import("./queued-backend.ts");
  const start = threadsFrom(script);
  const queued = { ...kernels, threads, start, onError, signal, testing, workerUrl: url?.href };
  return (await openQueuedBackend(queued)) as Backend;
}
