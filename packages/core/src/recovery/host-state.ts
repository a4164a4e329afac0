import type { Storage } from "../storage.ts";
import type { Parameter } from "../tensor.ts";
import { writable } from "../updates/assign.ts";

const states = new WeakMap<Storage, readonly (() => () => void)[]>();

/**
 * Says that numbers on the host belong to a parameter, such as the steps that an optimizer has counted: whenever
 * `device.recovering` copies the parameter, it calls `save`, and what that returns when it writes the copy back.
 *
 * ```ts
 * let steps = 0;
 * rememberWith(parameter, () => {
 *   const kept = steps;
 *   return () => {
 *     steps = kept;
 *   };
 * });
 * ```
 * @returns how to end that
 */
export function rememberWith(parameter: Parameter, save: () => () => void): () => void {
  writable("rememberWith", parameter);
  const { storage } = parameter;
  states.set(storage, [...hostStatesOf(storage), save]);
  return () => {
    states.set(
      storage,
      hostStatesOf(storage).filter((other) => other !== save),
    );
  };
}

/** What is remembered with the numbers of a storage. */
export function hostStatesOf(storage: Storage): readonly (() => () => void)[] {
  return states.get(storage) ?? [];
}
