import { nodeModule } from "./node-module.ts";

/** A started worker. */
export interface Thread {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Ends it; resolves when it has ended, or where nobody says that, at once. */
  terminate(): Promise<void>;
}

/** How a worker ended: with an error, or by itself. `confirmed` where the platform says that it computes no more. */
export interface Ending {
  readonly reason: string;
  readonly confirmed: boolean;
}

export interface ThreadEvents {
  /** May be called twice, the second time confirmed. */
  onEnd(ending: Ending): void;
  onMessage?(message: unknown): void;
}

/** Starts a worker with what it is given. */
export type StartThread = (setup: object, name: string, events: ThreadEvents) => Thread;

/**
 * How workers are started here.
 * @param script the worker's script, or the address where it is served
 * @throws Error if there are no workers here
 */
export function threads(script: string | URL): StartThread {
  // On Deno and Bun too: the web workers of Deno keep a program alive, even after they were told to end.
  const node = nodeModule("node:worker_threads");
  if (node) return startOnNode(node, script);
  if (typeof Worker === "undefined") throw new Error("there are no workers in this place (Worker is missing)");
  return startOnWeb(script);
}

function startOnNode({ Worker }: typeof import("node:worker_threads"), script: string | URL): StartThread {
  const url = script instanceof URL ? script : new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  return (workerData, name, { onEnd, onMessage }) => {
    // What the program preloads into threads of its own is none of ours.
    const worker = new Worker(url, { workerData, name, execArgv: [] });
    worker.unref();
    let reason = "it exited";
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => onEnd({ reason, confirmed: true }));
    if (onMessage) worker.on("message", onMessage);
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      async terminate() {
        await worker.terminate();
      },
    };
  };
}

function startOnWeb(script: string | URL): StartThread {
  const remedy =
    script instanceof URL
      ? ""
      : ": allow 'worker-src blob:' in the page's Content-Security-Policy, or serve the script and give its workerUrl";
  return (setup, name, { onEnd, onMessage }) => {
    const url = script instanceof URL ? script : URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module", name });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      onEnd({ reason: event.message || `its script did not load from ${url}${remedy}`, confirmed: false });
    });
    if (onMessage) worker.addEventListener("message", ({ data }) => onMessage(data));
    worker.postMessage(setup);
    return {
      post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
      async terminate() {
        worker.terminate();
        if (typeof url === "string") URL.revokeObjectURL(url);
      },
    };
  };
}
