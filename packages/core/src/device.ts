import type { Backend, Facts } from "./backend.ts";
import type { LossWatch } from "./device-loss.ts";
import { type DeviceLostError, OptionError } from "./errors.ts";
import { Fence } from "./fence.ts";
import type { HostValues } from "./host-values.ts";
import type { OpenReport } from "./opening/report.ts";
import type { Recovery } from "./recovery/recovery.ts";
import { type MemoryInfo, Runtime } from "./runtime.ts";
import { Scope } from "./scope.ts";
import type { Shape } from "./shape.ts";
import { type Parameter, Region, type Tensor } from "./tensor.ts";

/** Where a device comes from, and how it goes on. @internal */
export interface DeviceOrigin {
  readonly report: () => OpenReport;
  /** How it goes on with another backend, where it can. `onLeaving` is called before that takes over. */
  readonly recovery?: ((runtime: Runtime, root: Region, onLeaving: () => void) => Recovery) | undefined;
}

/**
 * An open device: its memory, its kernels, and the outermost scope. Tensors made here live until they are disposed or
 * the device is closed.
 */
export class Device {
  readonly #origin: DeviceOrigin;
  readonly #runtime: Runtime;
  readonly #root: Scope;
  readonly #recovery: Recovery | undefined;
  #fence: Fence;

  /** @internal */
  constructor(backend: Backend, origin: DeviceOrigin = { report: () => ({ candidates: [] }) }) {
    this.#origin = origin;
    this.#runtime = new Runtime(backend);
    const region = new Region(this.#runtime, undefined);
    this.#root = new Scope(region);
    this.#fence = new Fence(this.#runtime);
    this.#recovery = origin.recovery?.(this.#runtime, region, () => this.#renewFence());
  }

  /** What the backend says about itself. Another backend's once one was lost and {@link recovering} went on. */
  get facts(): Facts {
    return this.#runtime.facts;
  }

  /** What became of every candidate, in the order given. `formatReport` makes a text of it. */
  get report(): OpenReport {
    return this.#origin.report();
  }

  /**
   * Resolves, with the error that reads then reject with, when the backend in use is lost: when a failure left nothing
   * readable, or an audit found it to compute wrong. After {@link recovering} has gone on with another, the promise is a new
   * one. Never rejects.
   */
  get lost(): Promise<DeviceLostError> {
    return this.#runtime.loss.lost;
  }

  /** Whether the device was opened with `recover: true`, so that {@link recovering} can go on with another backend. */
  get recovers(): boolean {
    return this.#recovery !== undefined;
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
   * Runs `f`, and if the device is lost meanwhile, runs it again on the next candidate: needs `recover: true` in `openDevice`.
   *
   * When `f` begins, all that is alive on the device is on the host: parameters, what optimizers remember, data. What has not
   * changed since the call before is not read again. If the device is lost before `f` has ended and its results are on the
   * host, the next candidate is opened (and verified), the copies are written there, and **`f` begins anew**: with the same
   * numbers on the device, and with what `rememberWith` keeps, such as an optimizer's steps. What was made on the device
   * meanwhile is gone, and so is what anyone else wrote to the device. Whatever else `f` changes on the host, it changes again.
   * A tensor from before that `f` disposes of is not put back: `f` meets a DisposedError when it begins anew.
   *
   * How much is done twice is how much `f` does: an epoch, say, or a hundred steps. One runs at a time: a call inside another
   * or beside it is refused.
   *
   * ```ts
   * for (let epoch = 0; epoch < 10; epoch++) {
   *   await device.recovering(() => trainEpoch(epoch));
   * }
   * ```
   * @returns what `f` returns
   * @throws what `f` throws where the device is not lost; DeviceLostError where no candidate is left; OptionError where
   * another is under way, or the device was opened without `recover: true`
   */
  async recovering<R>(f: () => R | Promise<R>): Promise<R> {
    this.#runtime.assertOpen("recovering");
    if (this.#recovery === undefined) {
      throw new OptionError("recovering: the device has nothing to go on with; open it with { recover: true }");
    }
    return this.#recovery.run(f);
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

  /** Whether the backend in use is lost. @internal */
  get loss(): LossWatch {
    return this.#runtime.loss;
  }

  #renewFence(): void {
    this.#fence.free();
    this.#fence = new Fence(this.#runtime);
  }
}
