import type { Backend, Facts } from "./backend.ts";
import { Fence } from "./fence.ts";
import type { HostValues } from "./host-values.ts";
import { type MemoryInfo, Runtime } from "./runtime.ts";
import { Scope } from "./scope.ts";
import type { Shape } from "./shape.ts";
import { type Parameter, Region, type Tensor } from "./tensor.ts";

/** What became of one candidate of `openDevice`. */
export interface CandidateReport {
  readonly name: string;
  readonly opened: boolean;
  /** Why it was not opened: its own reason, or that an earlier one was. */
  readonly reason?: string;
}

/**
 * An open device: its memory, its kernels, and the outermost scope. Tensors made here live until they are disposed or
 * the device is closed.
 */
export class Device {
  /** What the backend says about itself. */
  readonly facts: Facts;
  /** What became of every candidate, in order. */
  readonly report: readonly CandidateReport[];
  readonly #runtime: Runtime;
  readonly #root: Scope;
  readonly #fence: Fence;

  /** @internal */
  constructor(backend: Backend, report: readonly CandidateReport[]) {
    this.facts = backend.facts;
    this.report = report;
    this.#runtime = new Runtime(backend);
    this.#root = new Scope(new Region(this.#runtime, undefined));
    this.#fence = new Fence(this.#runtime);
  }

  /** A tensor that lives until it is disposed or the device is closed. See `Scope.tensor`. */
  tensor(values: HostValues, shape?: Shape): Tensor {
    return this.#root.tensor(values, shape);
  }

  /** A parameter that lives until it is disposed or the device is closed. See `Scope.parameter`. */
  parameter(values: HostValues, shape?: Shape): Parameter {
    return this.#root.parameter(values, shape);
  }

  /** A scope; call its `dispose`, or use {@link Device.scoped}. */
  scope(): Scope {
    return this.#root.scope();
  }

  /** Runs `f` with a scope of its own and disposes it on every exit. */
  async scoped<R>(f: (scope: Scope) => R | Promise<R>): Promise<R> {
    return this.#root.scoped(f);
  }

  /**
   * How many handles are alive, how many bytes they hold, and how many were ever made and freed; of some backends also
   * what they have taken from the system (`reservedBytes`) and may take (`limitBytes`).
   */
  memory(): MemoryInfo {
    return this.#runtime.memory();
  }

  /**
   * Call once a step in a long loop: lets timers, signals and rendering run at least every 16 ms, and waits until at
   * most two steps are in flight on the device.
   */
  async tick(): Promise<void> {
    this.#runtime.assertOpen("tick");
    await this.#fence.tick();
  }

  /**
   * Frees everything and ends the device. Rejects if the backend had failed and nobody had read it.
   * @throws DisposedError if the device was closed before
   */
  async close(): Promise<void> {
    this.#runtime.assertOpen("close");
    this.#fence.free();
    this.#root.region.end();
    await this.#runtime.close();
  }
}
