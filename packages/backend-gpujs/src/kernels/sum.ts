/** What is added for element j: a value, and the statements before it. */
export interface Term {
  readonly prepare?: string;
  readonly value: string;
}

/** The longest run of plain float32 additions: 32 equal numbers are off by less than 5e-7. */
const RUN = 32;

/** More blocks than any length has; gpu.js wants a literal, and the loop ends with the length. */
const MOST_BLOCKS = 2 ** 20;

/**
 * Declares `name` = Σ term(j) for 0 ≤ j < length, both integers: runs of 32, blocks of 32 runs, and the blocks. The tree is
 * fixed by the length alone, and its error hardly grows with it.
 */
export function sum(name: string, length: string, term: (j: string) => Term): string {
  const [block, run] = [`${name}Block`, `${name}Run`];
  const [b, r, i] = [`${name}B`, `${name}R`, `${name}I`];
  const j = `(${b} * ${RUN * RUN} + ${r} * ${RUN} + ${i})`;
  const { prepare = "", value } = term(j);
  return `
    let ${name} = 0;
    for (let ${b} = 0; ${b} < ${MOST_BLOCKS}; ${b}++) {
      if (${b} * ${RUN * RUN} >= ${length}) break;
      let ${block} = 0;
      for (let ${r} = 0; ${r} < ${RUN}; ${r}++) {
        if (${b} * ${RUN * RUN} + ${r} * ${RUN} >= ${length}) break;
        let ${run} = 0;
        for (let ${i} = 0; ${i} < ${RUN}; ${i}++) {
          if (${j} >= ${length}) break;
          ${prepare} ${run} = ${run} + ${value};
        }
        ${block} = ${block} + ${run};
      }
      ${name} = ${name} + ${block};
    }`;
}
