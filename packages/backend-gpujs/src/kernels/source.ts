/**
 * What kernel sources are put together from. A kernel is a string, since bundlers rename what is inside functions.
 *
 * gpu.js keeps no integer in a variable: `const i = this.thread.x` is a float32, and wrong beyond 2^24. Integers stand in
 * expressions, of `this.thread.x`, loop counters, literals and `~~value`; what is made of these alone is exact.
 */

/** A kernel over its flat output index {@link here}. */
export const kernel = (parameters: readonly string[], body: string): string =>
  `function (${parameters.join(", ")}) { ${body} }`;

/** The index of the output element, an integer. */
export const here = "this.thread.x";

/** A float that holds a whole number, as an integer. */
export const int = (value: string): string => `~~(${value})`;

/** The integer index·size + offset. */
export const at = (index: string, size: number | string, offset: string): string => `(${index}) * ${size} + ${offset}`;

/** The first float32 that is no longer followed by its successor: counts up to here are exact. */
const EXACT = 2 ** 24;

/** The parts of an integer division, as integer expressions, after the statements that prepare them. */
export interface Division {
  readonly prepare: string;
  readonly quotient: string;
  readonly remainder: string;
}

/**
 * Divides the integer `index` < `length` by the constant `size`. Division is float32's in gpu.js, and a device may be some
 * ulp off, so the quotient is put right by its remainder; `name` is that of the variable.
 * @throws RangeError if the quotient may be more than 2^24
 */
export function divide(name: string, index: string, length: number, size: number): Division {
  if (size === 1) return { prepare: "", quotient: index, remainder: "0" };
  if (size >= length) return { prepare: "", quotient: "0", remainder: index };
  if (length / size > EXACT) {
    throw new RangeError(`gpujs: ${Math.ceil(length / size)} rows of ${size}; a kernel counts to ${EXACT}`);
  }
  const quotient = int(name);
  const remainder = `(${index} - ${quotient} * ${size})`;
  // A power of two only moves the exponent.
  const exact = length <= EXACT && Number.isInteger(Math.log2(size));
  // Beyond 2^24 the index itself is rounded, and the first quotient may be several off.
  const near = length > EXACT ? `${name} = ${name} + Math.floor(${remainder} / ${size});` : "";
  const corrected = `${near}
    if (${remainder} < 0) ${name} = ${name} - 1;
    if (${remainder} >= ${size}) ${name} = ${name} + 1;`;
  return { prepare: `let ${name} = Math.floor((${index}) / ${size}); ${exact ? "" : corrected}`, quotient, remainder };
}
