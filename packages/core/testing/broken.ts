/** Backends that are broken in one way each, made from plain; and a count of what is open. */
import { plain } from "@surprisal/backend-cpu/plain";
import type { Backend, BackendProvider, Kernels, OpenOptions } from "../src/backend.ts";

type Call = (outputs: Record<string, unknown>, inputs: Record<string, unknown>, params: never) => void;

/** Plain with parts replaced. `kernels` are given the call and how plain makes it. */
export function altered(
  name: string,
  change: (backend: Backend, options: OpenOptions) => Partial<Backend>,
  precision: "f32" | "f64" = "f32",
): BackendProvider {
  const provider = plain({ precision }) as BackendProvider;
  return {
    name,
    async open(options) {
      const backend = await provider.open(options);
      return { ...backend, facts: { ...backend.facts, name }, ...change(backend, options) };
    },
  };
}

/** Plain whose kernels are followed by `spoil`, which may write into the outputs. */
export function spoiling(
  name: string,
  spoil: (backend: Backend, kernel: string, outputs: readonly unknown[], lengths: ReadonlyMap<unknown, number>) => void,
): BackendProvider {
  return altered(name, (backend) => {
    const lengths = new Map<unknown, number>();
    return {
      alloc(kind, length) {
        const handle = backend.alloc(kind, length);
        lengths.set(handle, length);
        return handle;
      },
      kernels: eachCall(backend, (kernel, run) => (outputs, inputs, params) => {
        run(outputs, inputs, params);
        const written = Object.values(outputs).filter((handle) => handle !== undefined);
        spoil(backend, kernel, written, lengths);
      }),
    };
  });
}

/** Every kernel of a backend, changed. */
export function eachCall({ kernels }: Backend, change: (kernel: string, run: Call) => Call): Kernels {
  const table = Object.entries(kernels).map(([name, run]) => [name, change(name, run as Call)]);
  return Object.fromEntries(table) as unknown as Kernels;
}

/** Fills whatever a kernel writes. */
export function filling(name: string, value: number): BackendProvider {
  return spoiling(name, (backend, _, outputs, lengths) => {
    for (const handle of outputs) backend.write(handle, new Float64Array(lengths.get(handle)!).fill(value));
  });
}

export const never = <T>(): Promise<T> => new Promise(() => {});

/** What has been opened and not closed. */
export class Ledger {
  readonly open: Set<string> = new Set();
  #opened = 0;

  /** A provider whose backends stand in the ledger from open to close, each under a name of its own. */
  watched(provider: BackendProvider): BackendProvider {
    return {
      name: provider.name,
      open: async (options) => {
        const backend = await provider.open(options);
        const entry = `${provider.name} ${this.#opened++}`;
        this.open.add(entry);
        // A broken backend may have no close to call.
        if (typeof backend?.close !== "function") {
          this.open.delete(entry);
          return backend;
        }
        return {
          ...backend,
          close: () => {
            this.open.delete(entry);
            return backend.close();
          },
        };
      },
    };
  }
}
