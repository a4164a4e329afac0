import type { Backend, PrecisionClass, RequiredKernels } from "../backend.ts";
import { requiredKernels } from "../guarded-kernels.ts";
import { nameOf } from "../host-values.ts";

const PRECISIONS: Readonly<Record<PrecisionClass, 4 | 8>> = { f64: 8, "f32-rounded": 4, f32: 4, "f32-gpu": 4 };

const METHODS = ["alloc", "free", "write", "read", "close"] as const;

/** What of an opened backend is not as the contract says, before anything is computed; undefined where nothing is. */
export function contractFault(backend: Backend): string | undefined {
  if (typeof backend !== "object" || backend === null) return `open gave ${nameOf(backend)}, not a backend`;
  const { facts, kernels } = backend;
  const method = METHODS.find((name) => typeof backend[name] !== "function");
  if (method !== undefined) return `the backend has no ${method}`;
  if (typeof kernels !== "object" || kernels === null) return `kernels is ${nameOf(kernels)}`;
  const missing = Object.keys(requiredKernels).find(
    (name) => typeof kernels[name as keyof RequiredKernels] !== "function",
  );
  if (missing !== undefined) return `the required kernel ${missing} is missing`;
  if (typeof facts !== "object" || facts === null) return `facts is ${nameOf(facts)}`;
  for (const name of ["name", "variant", "device"] as const) {
    if (typeof facts[name] !== "string") return `facts.${name} is ${nameOf(facts[name])}, not a string`;
  }
  if (!Object.hasOwn(PRECISIONS, facts.precision)) {
    return `facts.precision is ${nameOf(facts.precision)}, not one of ${Object.keys(PRECISIONS).join(", ")}`;
  }
  if (facts.floatBytes !== PRECISIONS[facts.precision]) {
    return `facts.floatBytes is ${nameOf(facts.floatBytes)}, and ${facts.precision} has ${PRECISIONS[facts.precision]}`;
  }
  for (const name of ["maxLength", "threads"] as const) {
    if (!(facts[name] >= 1)) return `facts.${name} is ${nameOf(facts[name])}, not a number from 1`;
  }
  for (const name of ["strictNonFinite", "innerClass"] as const) {
    if (typeof facts[name] !== "boolean") return `facts.${name} is ${nameOf(facts[name])}, not true or false`;
  }
  return undefined;
}
