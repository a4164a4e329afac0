import type { Backend, Facts, HeldMemory, HostArray, Kernels, Kind } from "./backend.ts";
import { LossWatch, lostBackend } from "./device-loss.ts";
import { BackendError, DeviceLostError, DeviceMismatchError, DisposedError, messageOf } from "./errors.ts";
import { guarded } from "./guarded-kernels.ts";

/**
 * What is alive on a device, and what ever was: `made − freed` handles hold `bytes`. Where the backend says what it holds
 * for them (see {@link HeldMemory}), that stands here too; not of a closed device.
 */
export interface MemoryInfo extends Partial<HeldMemory> {
  readonly handles: number;
  readonly bytes: number;
  readonly made: number;
  readonly freed: number;
}

/** An open backend with its books: what every tensor, scope and op of one device shares. */
export class Runtime {
  facts!: Facts;
  kernels!: Kernels;
  #backend!: Backend;
  #loss!: LossWatch;
  /** The error of a lost device, until somebody was told. */
  #untold: DeviceLostError | undefined;
  #floats = 0;
  #integers = 0;
  #made = 0;
  #freed = 0;
  #ages = 0;
  #closed = false;

  constructor(backend: Backend) {
    this.use(backend);
  }

  /** Computes on this backend from now on. Handles of another mean nothing on it. */
  use(backend: Backend): void {
    this.#loss = new LossWatch(backend, (error) => this.#lose(backend, error));
    this.#untold = undefined;
    this.#install(backend);
  }

  #install(backend: Backend): void {
    this.#backend = backend;
    this.facts = backend.facts;
    this.kernels = guarded(backend.kernels, (kernel, cause) =>
      this.#suspicious(kernel, `${backend.facts.name} failed`, cause),
    );
  }

  /** Whether the backend in use is lost. */
  get loss(): LossWatch {
    return this.#loss;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A number larger than all before: orders scopes by age. */
  nextAge(): number {
    return this.#ages++;
  }

  alloc(op: string, kind: Kind, length: number): unknown {
    this.assertRoom(op, length);
    let handle: unknown;
    try {
      handle = this.#backend.alloc(kind, length);
    } catch (cause) {
      const held = `${this.#made - this.#freed} tensors hold ${this.#bytes} bytes`;
      throw this.#suspicious(op, `${this.facts.name} could not allocate ${length} elements (${held})`, cause);
    }
    this.#made++;
    this.#count(kind, length);
    return handle;
  }

  /** Refuses what is longer than any handle. */
  assertRoom(op: string, length: number): void {
    this.assertOpen(op);
    if (length <= this.facts.maxLength) return;
    throw new BackendError(
      `${op}: a tensor of ${length} elements is larger than ${this.facts.name} can hold (${this.facts.maxLength}); split the batch`,
    );
  }

  /** Another handle for what is alive, on a backend that replaces a lost one. */
  again(op: string, kind: Kind, data: ArrayLike<number>): unknown {
    try {
      const handle = this.#backend.alloc(kind, data.length);
      this.#backend.write(handle, data);
      return handle;
    } catch (cause) {
      throw this.#suspicious(op, `${this.facts.name} could not take over ${data.length} elements`, cause);
    }
  }

  free(handle: unknown, kind: Kind, length: number): void {
    if (this.#closed) return;
    this.#freed++;
    this.#count(kind, -length);
    this.#backend.free(handle);
  }

  write(op: string, handle: unknown, data: ArrayLike<number>): void {
    try {
      this.#backend.write(handle, data);
    } catch (cause) {
      throw this.#suspicious(op, `${this.facts.name} could not write`, cause);
    }
  }

  read(op: string, handle: unknown): Promise<HostArray> {
    const [backend, loss] = [this.#backend, this.#loss];
    return loss
      .reading(() => backend.read(handle))
      .catch(async (cause) => {
        await loss.suspectInTime();
        throw this.#failure(op, `${backend.facts.name} failed`, loss.error ?? cause);
      });
  }

  memory(): MemoryInfo {
    const held = this.#closed ? undefined : this.#backend.memory?.();
    return { ...held, handles: this.#made - this.#freed, bytes: this.#bytes, made: this.#made, freed: this.#freed };
  }

  async close(): Promise<void> {
    this.assertOpen("close");
    this.#closed = true;
    if (this.#untold !== undefined) throw this.#failure("close", "", this.#untold);
    try {
      this.#loss.end();
      await this.#backend.close();
    } catch (cause) {
      throw new BackendError(`close: ${this.facts.name} had failed, and nobody had read it: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  assertOpen(op: string): void {
    if (this.#closed) throw new DisposedError(`${op}: the device ${this.facts.name} is closed; open another`);
  }

  /** Refuses what belongs to another device. */
  assertSame(op: string, other: Runtime): void {
    if (other === this) return;
    throw new DeviceMismatchError(
      `${op}: tensors of two devices (${this.facts.name} and ${other.facts.name}); copy one with await tensor.to(device)`,
    );
  }

  #lose(backend: Backend, error: DeviceLostError): void {
    if (backend !== this.#backend) return;
    this.#untold = error;
    this.#install(lostBackend(this.facts, this.kernels, error));
    // Nobody waits for what a lost device makes of its end.
    Promise.resolve()
      .then(() => backend.close())
      .catch(() => {});
  }

  /** {@link #failure}, which asks whether it was the device's. */
  #suspicious(op: string, what: string, cause: unknown): Error {
    if (!(cause instanceof DeviceLostError)) this.#loss.suspect();
    return this.#failure(op, what, cause);
  }

  /** What a backend's failure is told as. */
  #failure(op: string, what: string, cause: unknown): Error {
    if (cause instanceof DeviceLostError) {
      if (cause === this.#untold) this.#untold = undefined;
      return new DeviceLostError(`${op}: ${cause.message}`, { cause: cause.cause });
    }
    return new BackendError(`${op}: ${what}: ${messageOf(cause)}`, { cause });
  }

  #count(kind: Kind, length: number): void {
    if (kind === "i32") this.#integers += length;
    else this.#floats += length;
  }

  get #bytes(): number {
    return this.#floats * this.facts.floatBytes + this.#integers * 4;
  }
}
