/** What is added for element j: a value, and the statements before it. */
export interface Term {
  readonly prepare?: string;
  readonly value: string;
}

/** The longest run of plain float32 additions: 32 equal numbers are off by less than 5e-7. */
const RUN = 32;

/**
 * Declares `name` = Σ term(j) for 0 ≤ j < length, j an integer expression: runs of 32, runs of 32 runs, and so on. The error
 * grows with the depth of this tree, not with the length.
 */
export function sum(name: string, length: number, term: (j: string) => Term): string {
  let depth = 1;
  while (RUN ** depth < length) depth += 1;
  const uneven = length % RUN ** (depth - 1) !== 0;

  /** Adds to `total` what lies in `block` elements from `start` on. */
  const level = (total: string, start: string, block: number, count: number): string => {
    const step = `${total}I`;
    const index =
      start === ""
        ? block === 1
          ? step
          : `${step} * ${block}`
        : `${start} + ${step}${block === 1 ? "" : ` * ${block}`}`;
    const loop = (body: string) => `for (let ${step} = 0; ${step} < ${count}; ${step}++) { ${body} }`;
    if (block > 1) {
      const part = `${total}P`;
      return loop(`let ${part} = 0; ${level(part, index, block / RUN, RUN)} ${total} = ${total} + ${part};`);
    }
    const { prepare = "", value } = term(`(${index})`);
    const add = `${prepare} ${total} = ${total} + ${value};`;
    return loop(uneven ? `if (${index} < ${length}) { ${add} }` : add);
  };
  const block = RUN ** (depth - 1);
  return `let ${name} = 0; ${level(name, "", block, Math.ceil(length / block))}`;
}
