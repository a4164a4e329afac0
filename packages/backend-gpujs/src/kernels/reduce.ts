import type { ReduceFunction, ReduceParams, RequiredKernels } from "@surprisal/core";
import { type Launch, temporary } from "../call.ts";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { partsOf } from "./parts.ts";
import { at, divide, here, int, kernel, requireCount, undivided } from "./source.ts";
import { ENDLESS, nth, type Range, sum, upTo } from "./sum.ts";

/**
 * y[o, p, i] = fold of x[o, a, i] over a = p, p + parts, …: neighbouring threads read neighbours. With one part it is the
 * whole fold. `argmax` gives a, not x.
 */
function foldSource(fn: ReduceFunction, { outer, inner }: ReduceParams, parts: number): string {
  const i = inner === 1 ? "1" : "inner";
  const slice = parts === 1 ? i : at("parts", i, "0");
  const first = outer === 1 ? undivided(here) : divide("o", here, slice);
  const second = parts === 1 ? undivided(first.remainder) : divide("part", first.remainder, i);
  const place = inner === 1 ? "" : `const place = ${second.remainder};`;
  const start = parts === 1 ? "" : `const start = ${second.quotient};`;
  const range = parts === 1 ? upTo("axis") : { from: int("start"), to: "axis", step: "parts" };
  const x = (a: string) => `x[${at(first.quotient, `axis * ${i}`, at(a, i, inner === 1 ? "0" : int("place")))}]`;
  const body = fn === "sum" || fn === "sumSquares" ? sumBody(fn, range, x) : extremeBody(fn, range, x);
  return kernel(["x", "axis", "inner", "parts"], `${first.prepare} ${second.prepare} ${start} ${place} ${body}`);
}

function sumBody(fn: "sum" | "sumSquares", range: Range, x: (a: string) => string): string {
  const term = (j: string) => ({ prepare: `const v = ${x(j)};`, value: fn === "sum" ? "v" : "v * v" });
  return `${sum("total", range, term)} return total;`;
}

/** Elements that one turn of the loop looks at: of a turn for each, more than half would be the loop. */
const UNROLLED = 4;

function extremeBody(fn: "max" | "min" | "argmax", range: Range, x: (a: string) => string): string {
  const { from, to } = range;
  const turn = `n * ${UNROLLED}`;
  const look = (i: number): string => {
    const a = nth(range, `${turn} + ${i}`);
    const better = `v${i} ${fn === "min" ? "<" : ">"} best`;
    return `if (${a} < ${to}) { const v${i} = ${x(a)}; if (${better}) { best = v${i}; where = ${a}; } }`;
  };
  return `
    let best = ${x(from)}; let where = ${from};
    for (let n = 0; n < ${ENDLESS}; n++) {
      if (${nth(range, turn)} >= ${to}) break;
      ${Array.from({ length: UNROLLED }, (_, i) => look(i)).join(" ")}
    }
    return ${fn === "argmax" ? "where" : "best"};`;
}

/** The first of the best among x[found], which the parts of a row have found. */
function argmaxOfParts({ outer, inner }: ReduceParams): string {
  const i = inner === 1 ? "1" : "inner";
  const { prepare, quotient, remainder } = outer === 1 ? undivided(here) : divide("o", here, i);
  const candidate = (j: string) => `found[${at(quotient, `parts * ${i}`, at(j, i, remainder))}]`;
  const x = (a: string) => `x[${at(quotient, `axis * ${i}`, at(`~~${a}`, i, remainder))}]`;
  return kernel(
    ["found", "x", "axis", "inner", "parts"],
    `${prepare}
    let where = ${candidate("0")}; let best = ${x("where")};
    for (let j = 1; j < ${ENDLESS}; j++) {
      if (j >= parts) break;
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
  requireCount("reduce", "outer elements", outer);
  if (fn === "argmax") requireCount("reduce", "elements along the axis", axis);
  const parts = partsOf(axis);
  const whole = { inputs: [x], sizes: [axis, inner, parts] };
  if (parts === 1) return { launches: [{ output: y, source: foldSource(fn, params, 1), ...whole }], temporaries: [] };
  const partial = temporary(outer * parts * inner);
  const first = { output: partial, source: foldSource(fn, params, parts), ...whole };
  const second =
    fn === "argmax"
      ? { output: y, source: argmaxOfParts(params), inputs: [partial, x], sizes: [axis, inner, parts] }
      : {
          output: y,
          source: foldSource(fn === "sumSquares" ? "sum" : fn, params, 1),
          inputs: [partial],
          sizes: [parts, inner, 1],
        };
  return { launches: [first, second], temporaries: [partial] };
}

export const reduce = (queue: Queue): Pick<RequiredKernels<Cell>, "reduce"> => ({
  reduce({ y }, { x }, params) {
    if (y.length === 0) return;
    queue.call({ outputs: [y], inputs: [x], ...fold(y, x, params) });
  },
});
