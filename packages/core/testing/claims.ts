/** What core's tests share: devices of the plain backend, and ways to say what a call must refuse or give back. */
import { plain } from "@surprisal/backend-cpu/plain";
import { expect, onTestFinished } from "vitest";
import type { Device } from "../src/device.ts";
import { type ErrorCode, isSurprisalError, type SurprisalError } from "../src/errors.ts";
import { openDevice } from "../src/open-device.ts";
import type { Tensor } from "../src/tensor.ts";

/** An open plain device, closed when the test ends. */
export async function openPlain(precision: "f32" | "f64" = "f64"): Promise<Device> {
  const device = await openDevice([plain({ precision })]);
  onTestFinished(async () => {
    await device.close().catch(() => {});
  });
  return device;
}

/** The typed error that a call throws at once. */
export function refusal(call: () => unknown): SurprisalError {
  try {
    call();
  } catch (error) {
    return typed(error);
  }
  throw new Error("the call was accepted");
}

/** The typed error that a call rejects with. */
export async function rejection(call: Promise<unknown>): Promise<SurprisalError> {
  try {
    await call;
  } catch (error) {
    return typed(error);
  }
  throw new Error("the call was accepted");
}

function typed(error: unknown): SurprisalError {
  if (isSurprisalError(error)) return error;
  throw new Error(`no typed error: ${String(error)}`, { cause: error });
}

/** Checks that a call throws an error of this code whose message says all of `words`, and keeps no memory. */
export function expectRefused(device: Device, call: () => unknown, code: ErrorCode, words: readonly string[]): void {
  const before = device.memory().handles;
  const error = refusal(call);
  expect(error.code, error.message).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
  expect(device.memory().handles, `left behind by: ${error.message}`).toBe(before);
}

/** The numbers of a tensor, as an array. */
export async function numbers(tensor: Tensor): Promise<number[]> {
  return [...(await tensor.data())];
}

/** Checks every number of a tensor to a relative tolerance (absolute where the number is 0). */
export async function expectClose(tensor: Tensor, expected: readonly number[], relative = 1e-14): Promise<void> {
  const found = await numbers(tensor);
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    const error = Object.is(found[i], value) ? 0 : Math.abs(found[i]! - value) / (Math.abs(value) || 1);
    expect(error, `element ${i}: ${found[i]}, expected ${value}`).toBeLessThanOrEqual(relative);
  }
}
