/** What this package's tests share: devices of the plain backend, and ways to say what a call gives or must refuse. */
import { plain } from "@surprisal/backend-cpu/plain";
import { type Device, type ErrorCode, isSurprisalError, openDevice, type Tensor } from "@surprisal/core";
import { expect, onTestFinished } from "vitest";

/** An open plain device, closed when the test ends. */
export async function openPlain(precision: "f32" | "f64" = "f64"): Promise<Device> {
  const device = await openDevice([plain({ precision })]);
  onTestFinished(() => device.close().catch(() => {}));
  return device;
}

/** Checks that a call throws, or rejects with, a typed error of this code whose message says all of `words`. */
export async function expectRefused(call: () => unknown, code: ErrorCode, ...words: string[]): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  expect(isSurprisalError(error, code), `${String(error)} is no ${code}`).toBe(true);
  for (const word of words) expect((error as Error).message).toContain(word);
}

/** Checks numbers to a relative tolerance (absolute where the number is 0). */
export async function expectClose(
  found: Tensor | ArrayLike<number>,
  expected: ArrayLike<number>,
  relative = 1e-12,
): Promise<void> {
  const numbers = "region" in found ? await (found as Tensor).data() : (found as ArrayLike<number>);
  expect(numbers.length).toBe(expected.length);
  for (const [i, value] of Array.from(expected).entries()) {
    const error = Math.abs(numbers[i]! - value) / (Math.abs(value) || 1);
    expect(error, `element ${i}: ${numbers[i]}, expected ${value}`).toBeLessThanOrEqual(relative);
  }
}
