// The entry of a worker, on Node and in browsers. It begins to serve as soon as it has been told what.
import { controlOn, DEAD, STATE, workerLine } from "./control.ts";
import { serve } from "./serve.ts";
import type { WorkerSetup } from "./worker-setup.ts";

const { process } = globalThis as { process?: { versions?: { node?: string } } };

if (process?.versions?.node !== undefined && !("onmessage" in globalThis)) {
  // A name that bundlers for browsers do not follow.
  const threads = "node:worker_threads";
  const { workerData } = (await import(threads)) as typeof import("node:worker_threads");
  const setup = workerData as WorkerSetup;
  const node = globalThis.process;
  node.once("exit", () => {
    Atomics.store(controlOn(setup.control).words, workerLine(setup.worker) + STATE, DEAD);
  });
  serve(setup, () => node.exit());
} else {
  // A worker of the web cannot end itself at once: it throws.
  addEventListener("message", ({ data }: MessageEvent<WorkerSetup>) => serve(data, () => {}), { once: true });
}
