import type { Launch } from "./call.ts";
import type { Cell } from "./cell.ts";

/**
 * What stands behind the last element of each result of a call. A driver may drop a draw that takes too long, without an
 * error, and leave zeros: so every launch writes one element more, 1 + the marks of what it reads of the same call. The mark
 * of a result is right only if all launches on the way to it have run.
 */
export type Marks = Map<Cell, number>;

/** The launch with its mark, which is noted. Its output is one element longer. */
export function marked(launch: Launch, marks: Marks): Launch {
  const { source, inputs, sizes = [], output } = launch;
  const names = parametersOf(source);
  const linked = inputs.flatMap((cell, i) => (marks.has(cell) ? [{ cell, name: names[i]! }] : []));
  const links = linked.map(({ name }) => ` + ${name}[end_${name}]`).join("");
  const ends = ["end", ...linked.map(({ name }) => `end_${name}`)];
  const parameters = [...names.slice(0, inputs.length), ...ends, ...names.slice(inputs.length)];
  const body = source.slice(source.indexOf("{") + 1);
  const value = linked.reduce((total, { cell }) => total + marks.get(cell)!, 1);
  marks.set(output, value);
  return {
    ...launch,
    source: `function (${parameters.join(", ")}) { if (this.thread.x >= end) return 1${links}; ${body}`,
    sizes: [output.length, ...linked.map(({ cell }) => cell.length), ...sizes],
  };
}

/** The guard stays what it is if the marks of these results are right, and becomes 0 otherwise, for good. */
export function checkMarks(guard: Cell, results: readonly Cell[], marks: Marks): Launch {
  const checked = results.filter((cell) => cell.length > 0);
  const all = checked.map((_, i) => i);
  const tests = all.map((i) => `if (y${i}[end${i}] !== mark${i}) return 0;`).join(" ");
  const parameters = ["guard", ...all.map((i) => `y${i}`), ...all.map((i) => `end${i}`), ...all.map((i) => `mark${i}`)];
  return {
    output: guard,
    source: `function (${parameters.join(", ")}) { ${tests} return guard[0]; }`,
    inputs: [guard, ...checked],
    sizes: [...checked.map((cell) => cell.length), ...checked.map((cell) => marks.get(cell)!)],
  };
}

const parametersOf = (source: string): string[] =>
  source
    .slice(source.indexOf("(") + 1, source.indexOf(")"))
    .split(", ")
    .filter(Boolean);
