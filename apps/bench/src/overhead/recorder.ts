import type { Backend, BackendProvider, Kernels } from "@surprisal/core";

/** A backend that remembers what it is asked for, so that its kernel calls can be repeated without core. */
export interface Recorder {
  readonly provider: BackendProvider;
  /** The kernel calls since the last `clear`, each ready to be made again on the same handles. */
  readonly calls: (() => void)[];
  /** The uploads likewise, with what the caller's array holds by then. */
  readonly uploads: Upload[];
}

interface Upload {
  readonly data: ArrayLike<number>;
  readonly repeat: () => void;
}

type Kernel = (outputs: unknown, inputs: unknown, params: unknown) => void;

export function recorder(recorded: BackendProvider): Recorder {
  const calls: (() => void)[] = [];
  const uploads: Upload[] = [];
  const open: BackendProvider["open"] = async (options): Promise<Backend> => {
    const backend = await recorded.open(options);
    const kernels = Object.entries(backend.kernels as unknown as Record<string, Kernel>).map(([name, kernel]) => [
      name,
      (outputs: unknown, inputs: unknown, params: unknown) => {
        const call = () => kernel.call(backend.kernels, outputs, inputs, params);
        calls.push(call);
        call();
      },
    ]);
    return {
      facts: backend.facts,
      kernels: Object.fromEntries(kernels) as Kernels,
      alloc: (kind, length) => backend.alloc(kind, length),
      // The calls that are repeated need their handles.
      free: () => {},
      write(handle, data) {
        const repeat = () => backend.write(handle, data);
        uploads.push({ data, repeat });
        repeat();
      },
      read: (handle) => backend.read(handle),
      close: () => backend.close(),
    };
  };
  return { provider: { name: recorded.name, open }, calls, uploads };
}
