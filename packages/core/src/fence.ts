import { macrotask } from "./macrotask.ts";
import type { Runtime } from "./runtime.ts";

const STEPS_IN_FLIGHT = 2;
const YIELD_EVERY_MS = 16;

/** Keeps a loop polite: it yields to the event loop, and does not run ahead of the device. */
export class Fence {
  readonly #runtime: Runtime;
  #handle: unknown;
  #inFlight: Promise<unknown>[] = [];
  #lastYield = performance.now();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async tick(): Promise<void> {
    if (this.#handle === undefined) this.#mark();
    const passed = this.#runtime.read("tick", this.#handle);
    // A loop that stops ticking must not leave an unhandled rejection; the next tick or close reports it.
    passed.catch(() => {});
    this.#inFlight.push(passed);
    if (this.#inFlight.length > STEPS_IN_FLIGHT) await this.#inFlight.shift();
    if (performance.now() - this.#lastYield >= YIELD_EVERY_MS) {
      await macrotask();
      this.#lastYield = performance.now();
    }
  }

  free(): void {
    if (this.#handle !== undefined) this.#runtime.free(this.#handle, "float", 1);
    this.#handle = undefined;
  }

  /** A number to read; it is freed also where it could not be written. */
  #mark(): void {
    this.#handle = this.#runtime.alloc("tick", "float", 1);
    this.#runtime.write("tick", this.#handle, [0]);
  }
}
