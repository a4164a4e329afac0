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

/** gpu.js keeps the counter of a loop an integer only under a literal bound; the loops end by themselves. */
export const ENDLESS: number = 2 ** 30;

/**
 * Declares `name` = Σ term(j) over a range: runs of 32, blocks of 32 runs, and the blocks. The tree is fixed by the length
 * alone, and its error hardly grows with it.
 */
export function sum(name: string, { from, to, step }: Range, term: (j: string) => Term): string {
  const [b, r, i] = [`${name}B`, `${name}R`, `${name}I`];
  const times = (count: number): string => (step === "1" ? String(count) : `${step} * ${count}`);
  const start = from === "0" ? "" : `${from} + `;
  const j = `(${start}${b} + ${r} + ${i})`;
  const { prepare = "", value } = term(j);
  return `
    let ${name} = 0;
    for (let ${b} = 0; ${b} < ${ENDLESS}; ${b} += ${times(RUN * RUN)}) {
      if (${start}${b} >= ${to}) break;
      let ${name}Block = 0;
      for (let ${r} = 0; ${r} < ${ENDLESS}; ${r} += ${times(RUN)}) {
        if (${r} >= ${times(RUN * RUN)}) break;
        if (${start}${b} + ${r} >= ${to}) break;
        let ${name}Run = 0;
        for (let ${i} = 0; ${i} < ${ENDLESS}; ${i} += ${step}) {
          if (${i} >= ${times(RUN)}) break;
          if (${j} >= ${to}) break;
          ${prepare} ${name}Run = ${name}Run + ${value};
        }
        ${name}Block = ${name}Block + ${name}Run;
      }
      ${name} = ${name} + ${name}Block;
    }`;
}
