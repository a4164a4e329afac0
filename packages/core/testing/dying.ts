import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider } from "../src/backend.ts";
import { eachCall } from "./broken.ts";

/** When a backend dies, and how its calls end from then on. */
export interface Death {
  /** The call with which it dies: kernels, writes and reads count, from 0. */
  readonly at: number;
  /** Whether reads that wait at that time are never answered; `onError` tells of the loss then. */
  readonly silent?: boolean;
}

/** Plain in float64 that is lost at a call, and counts its calls until then. */
export function dying(name: string, { at, silent = false }: Death): { provider: BackendProvider; calls: () => number } {
  let calls = 0;
  const provider: BackendProvider = {
    name,
    async open(options) {
      const backend = (await plain({ precision: "f64" }).open(options)) as Backend;
      const removed = new Error("the device was removed");
      const live = (): void => {
        if (calls++ < at) return;
        if (calls === at + 1 && silent) options.onError(removed);
        throw removed;
      };
      return {
        ...backend,
        facts: { ...backend.facts, name },
        kernels: eachCall(backend, (_, run) => (outputs, inputs, params) => {
          live();
          run(outputs, inputs, params);
        }),
        write(handle, data) {
          live();
          backend.write(handle, data);
        },
        async read(handle) {
          live();
          const numbers = backend.read(handle);
          // A device answers later, and not once it is lost.
          await new Promise((done) => setImmediate(done));
          if (calls > at) return silent ? new Promise(() => {}) : Promise.reject(removed);
          return numbers;
        },
      };
    },
  };
  return { provider, calls: () => calls };
}
