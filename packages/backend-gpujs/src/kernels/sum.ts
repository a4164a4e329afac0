/** What is added for element j: a value, and the statements before it. */
export interface Term {
  readonly prepare?: string;
  readonly value: string;
}

/** Every `step`th number from `from`, below `to`. All are integers; what lies in a variable is under `int`. */
export interface Range {
  readonly from: string;
  readonly to: string;
  readonly step: string;
}

/** 0 ≤ j < length. */
export const upTo = (length: string): Range => ({ from: "0", to: length, step: "1" });

/** The longest run of plain float32 additions: 32 equal numbers are off by less than 5e-7. */
const RUN = 32;

/** gpu.js keeps the counter of a loop an integer only where it starts at a literal, ends below one and grows by `++`. */
export const ENDLESS: number = 2 ** 30;

/** The `count`th element of a range. */
export function nth({ from, step }: Range, count: string): string {
  const offset = step === "1" ? count : `(${count}) * ${step}`;
  return from === "0" ? `(${offset})` : `(${from} + ${offset})`;
}

/**
 * Declares `name` = Σ term(j) over a range: runs of 32, blocks of 32 runs, and the blocks. The tree is fixed by the length
 * alone, and its error hardly grows with it.
 */
export function sum(name: string, range: Range, term: (j: string) => Term): string {
  const [b, r, i] = [`${name}B`, `${name}R`, `${name}I`];
  const { to } = range;
  const [block, run] = [`${b} * ${RUN * RUN}`, `${b} * ${RUN * RUN} + ${r} * ${RUN}`];
  const j = nth(range, `${run} + ${i}`);
  const { prepare = "", value } = term(j);
  return `
    let ${name} = 0;
    for (let ${b} = 0; ${b} < ${ENDLESS}; ${b}++) {
      if (${nth(range, block)} >= ${to}) break;
      let ${name}Block = 0;
      for (let ${r} = 0; ${r} < ${RUN}; ${r}++) {
        if (${nth(range, run)} >= ${to}) break;
        let ${name}Run = 0;
        for (let ${i} = 0; ${i} < ${RUN}; ${i}++) {
          if (${j} >= ${to}) break;
          ${prepare} ${name}Run = ${name}Run + ${value};
        }
        ${name}Block = ${name}Block + ${name}Run;
      }
      ${name} = ${name} + ${name}Block;
    }`;
}
