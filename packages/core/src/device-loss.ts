import type { Backend, Facts, HostArray, Kernels } from "./backend.ts";
import { DeviceLostError, messageOf } from "./errors.ts";
import { eachKernel } from "./guarded-kernels.ts";

/** A read that failed waits so long to learn whether the device is lost; a device may have much to do before it says. */
const VERDICT_WITHIN_MS = 1000;

/**
 * Whether a backend is lost. Nothing but a failure raises the question, and a number that was written at the beginning
 * answers it: a failed call poisons its own outputs alone, a lost device everything (see backend.ts, "The queue").
 */
export class LossWatch {
  /** Resolves when the device is lost. */
  readonly lost: Promise<DeviceLostError>;
  readonly #backend: Backend;
  readonly #onLost: (error: DeviceLostError) => void;
  readonly #marker: unknown;
  readonly #waiting = new Set<(error: DeviceLostError) => void>();
  #error: DeviceLostError | undefined;
  #isEnded = false;

  constructor(backend: Backend, onLost: (error: DeviceLostError) => void) {
    this.#backend = backend;
    this.#marker = backend.alloc("float", 1);
    backend.write(this.#marker, [0]);
    let resolve!: (error: DeviceLostError) => void;
    this.lost = new Promise((settle) => {
      resolve = settle;
    });
    this.#onLost = (error) => {
      onLost(error);
      resolve(error);
    };
  }

  /** What made the device lost, if it is. */
  get error(): DeviceLostError | undefined {
    return this.#error;
  }

  /** Frees what it holds and asks no more: the backend is about to be closed. */
  end(): void {
    if (this.#error !== undefined) return;
    this.#isEnded = true;
    this.#backend.free(this.#marker);
  }

  /** What a read gives, unless the device is lost before. */
  reading(read: () => Promise<HostArray>): Promise<HostArray> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) throw this.#error;
      this.#waiting.add(reject);
      read().then(
        (numbers) => {
          this.#waiting.delete(reject);
          resolve(numbers);
        },
        (cause) => {
          this.#waiting.delete(reject);
          reject(cause);
        },
      );
    });
  }

  /** Something failed: finds out whether that was the device. An earlier question may be one that is never answered. */
  async suspect(): Promise<void> {
    if (this.#error !== undefined || this.#isEnded) return;
    try {
      await this.#backend.read(this.#marker);
    } catch (cause) {
      this.lose(cause);
    }
  }

  /** As {@link suspect}; resolves in time even where the device does not answer. */
  async suspectInTime(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, VERDICT_WITHIN_MS);
    });
    await Promise.race([this.suspect(), late]);
    clearTimeout(timer);
  }

  /** The device is lost: rejects every read that waits. */
  lose(cause: unknown): void {
    if (this.#error !== undefined || this.#isEnded) return;
    const { name } = this.#backend.facts;
    this.#error = new DeviceLostError(`the device ${name} is lost: ${messageOf(cause)}`, { cause });
    this.#onLost(this.#error);
    for (const reject of this.#waiting) reject(this.#error);
    this.#waiting.clear();
  }
}

/** What stands in a lost device's place: whoever goes on with it meets a typed error, and freeing stays harmless. */
export function lostBackend(facts: Facts, kernels: Kernels, error: DeviceLostError): Backend {
  const refuse = (): never => {
    throw error;
  };
  return {
    facts,
    kernels: eachKernel(kernels, () => refuse),
    alloc: refuse,
    free: () => {},
    write: refuse,
    read: async () => refuse(),
    close: async () => {},
  };
}
