import type { Backend } from "@surprisal/core";
import type { Cell } from "./cell.ts";

/** x → 2^x, which the exponentials of the loss rely on. */
const EXPONENTS = [0, 1, -1, -24, 64, -100];

/** 1 or 2 ulp; a device whose 2^x is worse makes a loss wrong by more than docs/semantics.md allows. */
const TOLERANCE = 2.5e-7;

/**
 * Has a device compute something before it counts as available: a driver may give an adapter or a context, and then compile
 * nothing or answer zeros.
 * @throws Error that says what it computed
 */
export async function selfTest({ alloc, write, read, free, kernels }: Backend<Cell>): Promise<void> {
  const [x, two, y] = [
    alloc("float", EXPONENTS.length),
    alloc("float", EXPONENTS.length),
    alloc("float", EXPONENTS.length),
  ];
  write(x, EXPONENTS);
  write(
    two,
    EXPONENTS.map(() => 2),
  );
  const length = EXPONENTS.length;
  const strides = [0, 0, 1] as const;
  const params = { outer: 1, axis: 1, inner: length, aStrides: strides, bStrides: strides, alpha: 1, beta: 1 };
  kernels.binary({ y }, { a: two, b: x }, { fn: "pow", ...params });
  const answer = await read(y);
  for (const cell of [x, two, y]) free(cell);
  for (const [i, exponent] of EXPONENTS.entries()) {
    const error = answer[i]! / 2 ** exponent - 1;
    if (!(Math.abs(error) <= TOLERANCE)) throw new Error(`it computes 2^${exponent} as ${answer[i]}`);
  }
}
