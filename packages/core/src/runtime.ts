import type { Backend, Facts, HeldMemory, HostArray, Kernels, Kind } from "./backend.ts";
import { BackendError, DeviceMismatchError, DisposedError, messageOf } from "./errors.ts";
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
  readonly facts: Facts;
  readonly kernels: Kernels;
  readonly #backend: Backend;
  #bytes = 0;
  #made = 0;
  #freed = 0;
  #ages = 0;
  #closed = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.facts = backend.facts;
    this.kernels = guarded(backend.kernels, backend.facts.name);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A number larger than all before: orders scopes by age. */
  nextAge(): number {
    return this.#ages++;
  }

  alloc(op: string, kind: Kind, length: number): unknown {
    this.assertOpen(op);
    if (length > this.facts.maxLength) {
      throw new BackendError(
        `${op}: a tensor of ${length} elements is larger than ${this.facts.name} can hold (${this.facts.maxLength}); split the batch`,
      );
    }
    let handle: unknown;
    try {
      handle = this.#backend.alloc(kind, length);
    } catch (cause) {
      const held = `${this.#made - this.#freed} tensors hold ${this.#bytes} bytes`;
      throw new BackendError(
        `${op}: ${this.facts.name} could not allocate ${length} elements (${held}): ${messageOf(cause)}`,
        { cause },
      );
    }
    this.#made++;
    this.#bytes += length * this.#bytesOf(kind);
    return handle;
  }

  free(handle: unknown, kind: Kind, length: number): void {
    if (this.#closed) return;
    this.#freed++;
    this.#bytes -= length * this.#bytesOf(kind);
    this.#backend.free(handle);
  }

  write(op: string, handle: unknown, data: ArrayLike<number>): void {
    try {
      this.#backend.write(handle, data);
    } catch (cause) {
      throw new BackendError(`${op}: ${this.facts.name} could not write: ${messageOf(cause)}`, { cause });
    }
  }

  async read(op: string, handle: unknown): Promise<HostArray> {
    try {
      return await this.#backend.read(handle);
    } catch (cause) {
      throw new BackendError(`${op}: ${this.facts.name} failed: ${messageOf(cause)}`, { cause });
    }
  }

  memory(): MemoryInfo {
    const held = this.#closed ? undefined : this.#backend.memory?.();
    return { ...held, handles: this.#made - this.#freed, bytes: this.#bytes, made: this.#made, freed: this.#freed };
  }

  async close(): Promise<void> {
    this.assertOpen("close");
    this.#closed = true;
    try {
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

  #bytesOf(kind: Kind): number {
    return kind === "i32" ? 4 : this.facts.floatBytes;
  }
}
