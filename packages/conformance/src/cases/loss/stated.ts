import type { CaseContext } from "../../case.ts";

/** Fails unless each number is the stated one, to what the statement is good for. */
export function near(
  t: CaseContext,
  actual: ArrayLike<number>,
  stated: readonly number[],
  digits: number,
  name: string,
): void {
  t.expect(actual.length === stated.length, `${name}: ${actual.length} numbers, and ${stated.length} are stated`);
  for (const [i, value] of stated.entries()) {
    const right = Number.isFinite(value) ? Math.abs(actual[i]! - value) <= digits : Object.is(actual[i], value);
    t.expect(right, `${name}[${i}]: ${actual[i]}, and ${value} is stated (to ${digits})`);
  }
}
