import type { Backend } from "@surprisal/core";
import type { Cell } from "./cell.ts";

/** Where e^x is looked at: the loss relies on it. */
const EXPONENTS = [0, 1, -1, -17, 44, -80];

/** 2 ulp; a device whose e^x is worse makes a loss wrong by more than docs/semantics.md allows. */
const TOLERANCE = 2.5e-7;

/**
 * Has a device compute something before it counts as available: a driver may give an adapter or a context, and then compile
 * nothing or answer zeros.
 * @throws Error that says what it computed
 */
export async function selfTest({ alloc, write, read, free, kernels }: Backend<Cell>): Promise<void> {
  const length = EXPONENTS.length;
  const [x, y] = [alloc("float", length), alloc("float", length)];
  write(x, EXPONENTS);
  kernels.unary({ y }, { x }, { fn: "exp", alpha: 1, beta: 0, length });
  const answer = await read(y);
  for (const cell of [x, y]) free(cell);
  for (const [i, exponent] of EXPONENTS.entries()) {
    const error = answer[i]! / Math.exp(exponent) - 1;
    if (!(Math.abs(error) <= TOLERANCE)) throw new Error(`it computes e^${exponent} as ${answer[i]}`);
  }
}
