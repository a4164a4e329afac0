/**
 * What kernel sources are put together from. A kernel is a string, since bundlers rename what is inside functions. Sizes are
 * arguments, so that one kernel serves every shape; what differs between sources is what there is at all.
 *
 * gpu.js keeps no integer in a variable: `const i = this.thread.x` is a float32, and wrong beyond 2^24. Integers stand in
 * expressions, of `this.thread.x`, sizes, literals, `~~value` and the counters of loops that go from a literal to a literal by
 * `++`; what is made of these alone is exact.
 */

/** A kernel over its flat output index {@link here}. The parameters are arrays, then sizes, then numbers. */
export const kernel = (parameters: readonly string[], body: string): string =>
  `function (${parameters.join(", ")}) { ${body} }`;

/** The index of the output element, an integer. */
export const here = "this.thread.x";

/** A float that holds a whole number, as an integer. */
export const int = (value: string): string => `~~(${value})`;

/** The integer index·size + offset. */
export function at(index: string, size: string, offset: string): string {
  const start = index === "0" ? "" : size === "1" ? `(${index})` : `(${index}) * ${size}`;
  return start === "" || offset === "0" ? start || offset : `${start} + ${offset}`;
}

/** The parts of an integer division, as integer expressions, after the statements that prepare them. */
export interface Division {
  readonly prepare: string;
  readonly quotient: string;
  readonly remainder: string;
}

/**
 * Divides the integer `index` by the integer `size`, "1" for no division; the quotient is at most 2^24, and stands in the
 * variable `name`. Division is float32's in gpu.js: the first quotient may be some ulp off, and is put right by its remainder.
 */
export function divide(name: string, index: string, size: string): Division {
  if (size === "1") return { prepare: "", quotient: index, remainder: "0" };
  const quotient = int(name);
  const by = `(${size})`;
  const remainder = `(${index} - ${quotient} * ${by})`;
  return {
    prepare: `
      let ${name} = Math.floor((${index}) / ${by});
      ${name} = ${name} + Math.floor(${remainder} / ${by});
      if (${remainder} < 0) ${name} = ${name} - 1;
      if (${remainder} >= ${by}) ${name} = ${name} + 1;`,
    quotient,
    remainder,
  };
}

/** No division where there is but one: everything is the remainder. */
export const undivided = (index: string): Division => ({ prepare: "", quotient: "0", remainder: index });

/** The largest count that the quotient of {@link divide} may reach. */
const MOST = 2 ** 24;

/**
 * Refuses a call whose kernel would count too far.
 * @throws RangeError before any work starts
 */
export function requireCount(kernelName: string, what: string, count: number): void {
  if (count <= MOST) return;
  throw new RangeError(`gpujs: ${kernelName}: ${count} ${what}, and a kernel counts to ${MOST}; split them`);
}
