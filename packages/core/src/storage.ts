import type { Kind } from "./backend.ts";
import type { Runtime } from "./runtime.ts";

/** One handle of a backend, and how many tensors look at it (a reshaped tensor shares its source's numbers). */
export class Storage {
  readonly runtime: Runtime;
  /** Another one once a lost device is replaced. */
  handle: unknown;
  readonly kind: Kind;
  readonly length: number;
  /** Whether it is a parameter's, so that its numbers may change under whoever looks at them. */
  readonly mutable: boolean;
  /** How often its numbers were written in place. */
  version = 0;
  #holders = 1;

  constructor(op: string, runtime: Runtime, kind: Kind, length: number, mutable = false) {
    this.runtime = runtime;
    this.mutable = mutable;
    this.handle = runtime.alloc(op, kind, length);
    this.kind = kind;
    this.length = length;
  }

  share(): Storage {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders === 0) this.runtime.free(this.handle, this.kind, this.length);
  }
}
