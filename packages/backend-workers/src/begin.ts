import { nodeModule } from "./node-module.ts";

/** What a worker hears from whoever started it, and says to them. */
interface Port {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(listener: (message: unknown) => void): void;
}

/** The world of a worker: what it was given, and how it ends. */
export interface World<Setup> {
  readonly setup: Setup;
  readonly port: Port;
  /** Ends the thread at once, where the platform can; else nothing happens. */
  exit(): void;
  /** Calls back when the thread ends by itself, where the platform says so. */
  onExit(listener: () => void): void;
}

/** Begins a worker's life, on Node and in browsers, once it has been given its setup. */
export function begin<Setup>(live: (world: World<Setup>) => void): void {
  const node = nodeModule("node:worker_threads");
  if (node) {
    const { workerData, parentPort } = node;
    live({
      setup: workerData as Setup,
      port: {
        post: (message, transfer = []) => parentPort!.postMessage(message, transfer),
        listen: (listener) => parentPort!.on("message", listener),
      },
      exit: () => process.exit(),
      onExit: (listener) => process.once("exit", listener),
    });
    return;
  }
  const scope = globalThis as unknown as MessagePort;
  const listen = (listener: (message: unknown) => void): void =>
    scope.addEventListener("message", ({ data }) => listener(data));
  const port: Port = { post: (message, transfer = []) => scope.postMessage(message, [...transfer]), listen };
  const first = ({ data }: MessageEvent<Setup>): void => live({ setup: data, port, exit() {}, onExit() {} });
  scope.addEventListener("message", first, { once: true });
}
