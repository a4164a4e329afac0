import type { ReduceFunction, ReduceParams, RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { kernel, split, sum } from "./source.ts";

function fold(fn: ReduceFunction, axis: number, at: (j: string) => string): string {
  const best = (better: string, result: string) => `
    let best = ${at("0")}; let where = 0;
    for (let j = 1; j < ${axis}; j++) { const v = ${at("j")}; if (v ${better} best) { best = v; where = j; } }
    return ${result};`;
  switch (fn) {
    case "sum":
      return `${sum("total", axis, at)} return total;`;
    case "sumSquares":
      return `${sum("total", axis, (j) => `${at(j)} * ${at(j)}`)} return total;`;
    case "max":
      return best(">", "best");
    case "min":
      return best("<", "best");
    case "argmax":
      return best(">", "where");
  }
}

function reduceSource({ fn, axis, inner }: ReduceParams): string {
  const at = (j: string) => `x[start + ${j} * ${inner}]`;
  return kernel(
    ["x"],
    `${split("i", inner, "outer", "rest")} const start = outer * ${axis * inner} + rest; ${fold(fn, axis, at)}`,
  );
}

export const reduce = (queue: Queue): Pick<RequiredKernels<Cell>, "reduce"> => ({
  reduce({ y }, { x }, params) {
    const empty = params.axis === 0;
    const source = empty ? kernel([], "return 0;") : reduceSource(params);
    queue.call({ outputs: [y], inputs: [x], launches: [{ output: y, source, inputs: empty ? [] : [x] }] });
  },
});
