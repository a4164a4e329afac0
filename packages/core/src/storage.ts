import type { Kind } from "./backend.ts";
import type { Runtime } from "./runtime.ts";

/** One handle of a backend, and how many tensors look at it (a reshaped tensor shares its source's numbers). */
export class Storage {
  readonly runtime: Runtime;
  readonly kind: Kind;
  readonly length: number;
  /** Whether it is a parameter's, so that its numbers may change under whoever looks at them. */
  readonly mutable: boolean;
  /** How often its numbers were written in place. */
  version = 0;
  #handle: unknown;
  /** The one value that is to be written before anybody reads it, and for which op; many are never read. */
  #unwritten: { readonly op: string; readonly value: number } | undefined;
  #holders = 1;

  /** @param value what every element is to be; without it, their maker writes them */
  constructor(op: string, runtime: Runtime, kind: Kind, length: number, mutable = false, value?: number) {
    this.runtime = runtime;
    this.mutable = mutable;
    this.kind = kind;
    this.length = length;
    if (value === undefined) {
      this.#handle = runtime.alloc(op, kind, length);
    } else {
      runtime.assertRoom(op, length);
      this.#unwritten = { op, value };
    }
  }

  get handle(): unknown {
    if (this.#unwritten !== undefined) this.#write(this.#unwritten.op, this.#unwritten.value);
    return this.#handle;
  }

  /** Another one, once a lost device is replaced. */
  set handle(handle: unknown) {
    this.#handle = handle;
    this.#unwritten = undefined;
  }

  share(): Storage {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders === 0 && this.#handle !== undefined) {
      this.runtime.free(this.#handle, this.kind, this.length);
    }
  }

  #write(op: string, value: number): void {
    const { runtime, kind, length } = this;
    this.#handle ??= runtime.alloc(op, kind, length);
    runtime.kernels.fill({ y: this.#handle }, {}, { value, length });
    this.#unwritten = undefined;
  }
}
