/** Pieces that every kernel template is made of. A kernel is a string: bundlers rename what is inside functions. */

/**
 * Declares `quotient` and `remainder` of the integer `index` by the constant `size`, exact up to 2^24. gpu.js always
 * divides in float32, and a device may be a few ulp off, so the quotient is put right by its remainder.
 */
export function split(index: string, size: number, quotient: string, remainder: string): string {
  return `
  let ${quotient} = Math.floor(${index} / ${size});
  let ${remainder} = ${index} - ${quotient} * ${size};
  if (${remainder} < 0) { ${quotient} = ${quotient} - 1; ${remainder} = ${remainder} + ${size}; }
  if (${remainder} >= ${size}) { ${quotient} = ${quotient} + 1; ${remainder} = ${remainder} - ${size}; }`;
}

/** Declares `name` = Σ term(j) for 0 ≤ j < length, in blocks of about √length: float32 loses √length ulp, not length. */
export function sum(name: string, length: number, term: (j: string) => string): string {
  const block = 2 ** Math.min(12, Math.max(4, Math.round(Math.log2(Math.max(1, length)) / 2)));
  const blocks = Math.ceil(length / block);
  const [j, part, b, s] = [`${name}J`, `${name}Part`, `${name}Block`, `${name}Step`];
  return `
  let ${name} = 0;
  for (let ${b} = 0; ${b} < ${blocks}; ${b}++) {
    let ${part} = 0;
    for (let ${s} = 0; ${s} < ${block}; ${s}++) {
      const ${j} = ${b} * ${block} + ${s};
      if (${j} < ${length}) { ${part} = ${part} + ${term(j)}; }
    }
    ${name} = ${name} + ${part};
  }`;
}

/** Assigns log(1 + x) to `name` without forming 1 + x where x is small: 2·artanh(x / (2 + x)). */
export function log1p(name: string, x: string): string {
  return `
  let ${name} = Math.log(1 + ${x});
  if (Math.abs(${x}) < 0.5) {
    const ${name}T = ${x} / (2 + ${x});
    const ${name}S = ${name}T * ${name}T;
    ${name} = 2 * ${name}T * (1 + ${name}S * (0.3333333333 + ${name}S * (0.2 + ${name}S * (0.1428571429
      + ${name}S * (0.1111111111 + ${name}S * (0.0909090909 + ${name}S * 0.0769230769))))));
  }`;
}

/** A kernel over its flat output index `i`. */
export const kernel = (parameters: readonly string[], body: string): string =>
  `function (${parameters.join(", ")}) { const i = this.thread.x; ${body} }`;
