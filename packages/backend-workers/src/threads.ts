import { workerSource } from "./worker.generated.ts";
import type { WorkerSetup } from "./worker-setup.ts";

/** A started worker. */
export interface Thread {
  /** Ends it; resolves when it has ended, or where nobody says that, at once. */
  terminate(): Promise<void>;
}

/** How a worker ended: with an error, or by itself. `confirmed` where the platform says that it computes no more. */
export interface Ending {
  readonly reason: string;
  readonly confirmed: boolean;
}

/** Starts a worker. `onEnd` is called once, or twice with the second time confirmed. */
export type StartThread = (setup: WorkerSetup, onEnd: (ending: Ending) => void) => Thread;

/**
 * How workers are started here.
 * @param workerUrl where the worker's script is served, instead of the inlined one
 * @throws Error if there are no workers here
 */
export async function threads(workerUrl: string | URL | undefined): Promise<StartThread> {
  const { process } = globalThis as { process?: { versions?: { node?: string; bun?: string } } };
  if (process?.versions?.node !== undefined && process.versions.bun === undefined && !("Deno" in globalThis)) {
    // A name that bundlers for browsers do not follow.
    const name = "node:worker_threads";
    return startOnNode((await import(/* @vite-ignore */ name)) as typeof import("node:worker_threads"), workerUrl);
  }
  if (typeof Worker === "undefined") throw new Error("there are no workers in this place (Worker is missing)");
  return startOnWeb(workerUrl);
}

function startOnNode(
  { Worker }: typeof import("node:worker_threads"),
  workerUrl: string | URL | undefined,
): StartThread {
  const url = new URL(workerUrl ?? `data:text/javascript,${encodeURIComponent(workerSource)}`);
  return (workerData, onEnd) => {
    const worker = new Worker(url, { workerData, name: `surprisal-${workerData.worker}` });
    worker.unref();
    let reason = "it exited";
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => onEnd({ reason, confirmed: true }));
    return {
      async terminate() {
        await worker.terminate();
      },
    };
  };
}

function startOnWeb(workerUrl: string | URL | undefined): StartThread {
  return (setup, onEnd) => {
    const url = workerUrl ?? URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module", name: `surprisal-${setup.worker}` });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      onEnd({ reason: event.message || `its script did not load from ${url}`, confirmed: false });
    });
    worker.postMessage(setup);
    return {
      async terminate() {
        worker.terminate();
        if (workerUrl === undefined) URL.revokeObjectURL(String(url));
      },
    };
  };
}
