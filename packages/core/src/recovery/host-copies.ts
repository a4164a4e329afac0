import type { HostArray } from "../backend.ts";
import type { Storage } from "../storage.ts";
import type { Region, Tensor } from "../tensor.ts";
import { hostStatesOf } from "./host-state.ts";

interface Copy {
  readonly version: number;
  readonly data: HostArray;
}

/** Everything that was alive on a device at one moment, on the host. */
export interface HostCopies {
  readonly regions: ReadonlySet<Region>;
  readonly tensors: ReadonlySet<Tensor>;
  readonly copies: ReadonlyMap<Storage, Copy>;
  /** Put back what the host remembers beside the tensors. */
  readonly states: readonly (() => void)[];
}

/** Copies all that is alive. What has not changed since the copies before is not read again. */
export async function hostCopies(root: Region, before: HostCopies | undefined): Promise<HostCopies> {
  const regions = root.withInner();
  const tensors = regions.flatMap((region) => [...region.snapshot()]);
  const storages = [...new Set(tensors.map(({ storage }) => storage))];
  const states = storages.flatMap(hostStatesOf).map((save) => save());
  // Enqueued at once, so that all are of the same moment.
  const copies = await Promise.all(
    storages.map(async (storage): Promise<[Storage, Copy]> => {
      const { version } = storage;
      const known = before?.copies.get(storage);
      if (known?.version === version) return [storage, known];
      return [storage, { version, data: await storage.runtime.read("recovering", storage.handle) }];
    }),
  );
  return { regions: new Set(regions), tensors: new Set(tensors), copies: new Map(copies), states };
}

/** Whether nothing that is alive was made or written since. */
export function isCurrent({ tensors, copies }: HostCopies, root: Region): boolean {
  return root.withInner().every((region) => {
    const alive = [...region.snapshot()];
    return alive.every(
      (tensor) => tensors.has(tensor) && copies.get(tensor.storage)?.version === tensor.storage.version,
    );
  });
}

/**
 * Puts a device back to the moment of the copies, on the backend that `takeOver` brings into use: what is alive and was
 * then has its numbers of then, what was made since is freed.
 */
export function restore({ regions, tensors, copies, states }: HostCopies, root: Region, takeOver: () => void): void {
  for (const region of root.withInner()) if (!regions.has(region)) region.end();
  const alive = root.withInner().flatMap((region) => [...region.snapshot()]);
  for (const tensor of alive) if (!tensors.has(tensor)) tensor.discard();
  const storages = new Set(alive.filter((tensor) => tensors.has(tensor)).map(({ storage }) => storage));
  const { runtime } = root;
  takeOver();
  for (const storage of storages) {
    const { version, data } = copies.get(storage)!;
    storage.handle = runtime.again("recovering", storage.kind, data);
    storage.version = version;
  }
  for (const putBack of states) putBack();
}
