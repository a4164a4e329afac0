import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs/node";
import { workers } from "@surprisal/backend-workers";
import { type BackendProvider, type Device, isSurprisalError, openDevice } from "@surprisal/core";
import { UsageError } from "./usage-error.ts";

/** The backends that can be chosen by name, the one that is tried first at the top. */
const backends: Readonly<Record<string, (threads?: number) => BackendProvider>> = {
  cpu: () => cpu(),
  workers: (threads) => workers(threads === undefined ? {} : { threads }),
  plain: () => plain(),
  // Behind the one that always opens: a GPU is used where it is asked for.
  gpujs: () => gpujs(),
};

export const BACKEND_NAMES: readonly string[] = Object.keys(backends);

/** Which backend to open, and on how many threads. */
export interface BackendFlags {
  readonly backend?: string;
  readonly threads?: number;
}

/** Opens the backend of this name and no other; without a name, the first that is available. */
export async function openBackend({ backend: name, threads }: BackendFlags): Promise<Device> {
  if (threads !== undefined && name !== "workers") throw new UsageError("--threads goes with --backend workers");
  if (name === undefined) return openDevice(BACKEND_NAMES.map((each) => backends[each]!()));
  try {
    return await openDevice([backends[name]!(threads)]);
  } catch (error) {
    if (!isSurprisalError(error, "UNAVAILABLE")) throw error;
    const reason = error.message.replace(/^.*?: no backend is available: /, "");
    throw new UsageError(`--backend ${name}: ${reason}; --list-backends shows what is available here`);
  }
}

/** What is known of a backend on this machine. */
export interface BackendListing {
  readonly name: string;
  readonly available: boolean;
  /** Its variant and device, or why it is not available. */
  readonly says: string;
}

/** Tries every backend. */
export async function listBackends(): Promise<BackendListing[]> {
  const listings: BackendListing[] = [];
  for (const name of BACKEND_NAMES) {
    // The plain one always opens, so that the report is there where the first does not.
    const device = await openDevice([backends[name]!(), plain()]);
    const { status, reason } = device.report.candidates[0]!;
    const available = status === "chosen";
    listings.push({ name, available, says: available ? describeBackend(device) : reason });
    await device.close();
  }
  return listings;
}

/** Device and variant: `JavaScript (plain-f32)`. */
export function describeBackend({ facts: { device, variant, threads } }: Device): string {
  const named = device.includes(variant) ? device : `${device} (${variant})`;
  return threads > 1 ? `${named}, ${threads} threads` : named;
}
