import type { ReduceFunction, ReduceParams, RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import { type Launch, type Queue, temporary } from "../queue.ts";
import { partsOf } from "./parts.ts";
import { at, divide, here, kernel } from "./source.ts";
import { sum } from "./sum.ts";

/**
 * y[o, p, i] = fold of x[o, a, i] over a = p, p + parts, …: neighbouring threads read neighbours. With one part it is the
 * whole fold. `argmax` gives a, not x; a second stage finds the values by what the first one found.
 */
function foldSource({ fn, outer, axis, inner }: ReduceParams, parts: number): string {
  const first = divide("o", here, outer * parts * inner, parts * inner);
  const second = divide("p", first.remainder, parts * inner, inner);
  const along = (j: string) => (parts === 1 ? j : `(${at(j, parts, second.quotient)})`);
  const x = (a: string) =>
    `x[(${first.quotient}) * ${axis * inner} + ${inner === 1 ? a : at(a, inner, second.remainder)}]`;
  const count = Math.ceil(axis / parts);
  const inside = axis % parts === 0 ? undefined : (j: string) => `${along(j)} < ${axis}`;
  return kernel(["x"], `${first.prepare} ${second.prepare} ${folded(fn, count, along, x, inside)}`);
}

function folded(
  fn: ReduceFunction,
  count: number,
  along: (j: string) => string,
  x: (a: string) => string,
  inside: ((j: string) => string) | undefined,
): string {
  if (fn === "sum" || fn === "sumSquares") {
    const term = (j: string) => {
      const value = fn === "sum" ? x(along(j)) : "v * v";
      const prepare = fn === "sum" ? "" : `const v = ${x(along(j))};`;
      if (!inside) return { prepare, value };
      return { prepare: `let t = 0; if (${inside(j)}) { ${prepare} t = ${value}; }`, value: "t" };
    };
    return `${sum("total", count, term)} return total;`;
  }
  const better = `const v = ${x(along("j"))}; if (v ${fn === "min" ? "<" : ">"} best) { best = v; where = ${along("j")}; }`;
  return `
    let best = ${x(along("0"))}; let where = ${along("0")};
    for (let j = 1; j < ${count}; j++) { ${inside ? `if (${inside("j")}) { ${better} }` : better} }
    return ${fn === "argmax" ? "where" : "best"};`;
}

/** The first of the best among x[found], which the parts of a row have found. */
function argmaxOfParts({ outer, axis, inner }: ReduceParams, parts: number): string {
  const { prepare, quotient, remainder } = divide("o", here, outer * inner, inner);
  const candidate = (j: string) => `found[(${quotient}) * ${parts * inner} + ${at(j, inner, remainder)}]`;
  const x = (a: string) => `x[(${quotient}) * ${axis * inner} + ${at(`~~${a}`, inner, remainder)}]`;
  return kernel(
    ["found", "x"],
    `${prepare}
    let where = ${candidate("0")}; let best = ${x("where")};
    for (let j = 1; j < ${parts}; j++) {
      const c = ${candidate("j")};
      const v = ${x("c")};
      if (v > best) { best = v; where = c; }
      if (v === best && c < where) where = c;
    }
    return where;`,
  );
}

/** The launches that fold `x` into `y`: at once, or where the axis is long in two stages. */
export function fold(
  y: Cell,
  x: Cell,
  params: ReduceParams,
): { readonly launches: readonly Launch[]; readonly temporaries: readonly Cell[] } {
  const { fn, outer, axis, inner } = params;
  if (axis === 0) return { launches: [{ output: y, source: kernel([], "return 0;"), inputs: [] }], temporaries: [] };
  const parts = partsOf(axis);
  if (parts === 1) return { launches: [{ output: y, source: foldSource(params, 1), inputs: [x] }], temporaries: [] };
  const partial = temporary(outer * parts * inner);
  const second =
    fn === "argmax"
      ? { source: argmaxOfParts(params, parts), inputs: [partial, x] }
      : { source: foldSource({ ...params, fn: fn === "sumSquares" ? "sum" : fn, axis: parts }, 1), inputs: [partial] };
  return {
    launches: [
      { output: partial, source: foldSource(params, parts), inputs: [x] },
      { output: y, ...second },
    ],
    temporaries: [partial],
  };
}

export const reduce = (queue: Queue): Pick<RequiredKernels<Cell>, "reduce"> => ({
  reduce({ y }, { x }, params) {
    if (y.length === 0) return;
    queue.call({ outputs: [y], inputs: [x], ...fold(y, x, params) });
  },
});
