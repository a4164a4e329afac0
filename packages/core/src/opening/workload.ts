import type { Device } from "../device.ts";
import { OptionError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { checkKeys } from "../options.ts";

/** One op of a workload, and its sizes. `times` is how often it runs; once if absent. */
export type WorkloadOp =
  /** [m, k] · [k, n] */
  | { readonly op: "matmul"; readonly m: number; readonly k: number; readonly n: number; readonly times?: number }
  /** Loss and gradient of logits [rows, classes]. */
  | { readonly op: "softmaxCrossEntropy"; readonly rows: number; readonly classes: number; readonly times?: number }
  /** One elementwise function of so many numbers. */
  | { readonly op: "elementwise"; readonly length: number; readonly times?: number };

/**
 * What candidates are timed on: ops and their sizes, or a function that computes what the program will compute. The function
 * is timed as a whole, with what it uploads and reads, on a device that is closed after it.
 */
export type Workload = readonly WorkloadOp[] | ((device: Device) => unknown);

const SIZES = {
  matmul: ["m", "k", "n"],
  softmaxCrossEntropy: ["rows", "classes"],
  elementwise: ["length"],
} as const;

/** Refuses a workload that cannot be run. */
export function checkWorkload(workload: unknown): void {
  if (typeof workload === "function") return;
  if (!Array.isArray(workload) || workload.length === 0) {
    throw new OptionError(
      `openDevice: workload is a function of a device, or an array of ops such as { op: "matmul", m: 64, k: 784, n: 128 }, not ${nameOf(workload)}`,
    );
  }
  for (const item of workload) checkOp(item);
}

function checkOp(item: { readonly op?: unknown; readonly [size: string]: unknown }): void {
  const name = item?.op as keyof typeof SIZES;
  if (!Object.hasOwn(SIZES, name)) {
    throw new OptionError(
      `openDevice: workload: op is one of ${Object.keys(SIZES).join(", ")}, not ${nameOf(name)}; anything else as a function`,
    );
  }
  const sizes = SIZES[name];
  checkKeys(`openDevice: workload: ${name}`, item, ["op", ...sizes, "times"]);
  for (const size of [...sizes, ...("times" in item ? ["times"] : [])]) {
    if (Number.isSafeInteger(item[size]) && (item[size] as number) > 0) continue;
    throw new OptionError(`openDevice: workload: ${name}: ${size} is a whole number from 1, not ${nameOf(item[size])}`);
  }
}
