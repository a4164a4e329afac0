import type { BinaryFunction, BinaryParams, RequiredKernels, Strides3 } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { pow } from "./functions.ts";
import { divide, here, kernel } from "./source.ts";

/** The body for the values `p` and `q`. */
const bodies: Record<BinaryFunction, string> = {
  add: "return alpha * p + beta * q;",
  mul: "return p * q;",
  div: "return p / q;",
  pow: `${pow("y", "p", "q")} return y;`,
  min: "let y = p; if (q < p) y = q; return y;",
  max: "let y = p; if (q > p) y = q; return y;",
  equal: "let y = 0; if (p === q) y = 1; return y;",
  less: "let y = 0; if (p < q) y = 1; return y;",
  lessEqual: "let y = 0; if (p <= q) y = 1; return y;",
};

function binarySource({ fn, outer, axis, inner, aStrides, bStrides }: BinaryParams): string {
  const first = divide("o", here, outer * axis * inner, axis * inner);
  const second = divide("a1", first.remainder, axis * inner, inner);
  const coordinates = [first.quotient, second.quotient, second.remainder];
  const sizes = [outer, axis, inner];
  const contiguous = [axis * inner, inner, 1];

  /** Where an operand stands; one that lies as the output does needs no coordinates, and one kernel serves every length. */
  const place = (strides: Strides3): string => {
    if (sizes.every((size, i) => size === 1 || strides[i] === contiguous[i])) return here;
    const parts = coordinates.flatMap((coordinate, i) => {
      if (sizes[i] === 1 || strides[i] === 0) return [];
      return strides[i] === 1 ? [`(${coordinate})`] : [`(${coordinate}) * ${strides[i]}`];
    });
    return parts.join(" + ") || "0";
  };
  const [a, b] = [place(aStrides), place(bStrides)];
  const prepare = [a, b].every((index) => index === here || index === "0") ? "" : first.prepare + second.prepare;
  return kernel(
    ["a", "b", "alpha", "beta", "infinity", "nan"],
    `${prepare} const p = a[${a}]; const q = b[${b}]; ${bodies[fn]}`,
  );
}

export const binary = (queue: Queue): Pick<RequiredKernels<Cell>, "binary"> => ({
  binary({ y }, { a, b }, params) {
    if (y.length === 0) return;
    const numbers = [params.alpha, params.beta, Number.POSITIVE_INFINITY, Number.NaN];
    const launches = [{ output: y, source: binarySource(params), inputs: [a, b], numbers }];
    queue.call({ outputs: [y], inputs: [a, b], launches });
  },
});
