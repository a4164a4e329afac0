import type { BinaryFunction, BinaryParams, RequiredKernels, Strides3 } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { pow } from "./functions.ts";
import { divide, here, int, kernel, requireCount } from "./source.ts";

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

/** How an operand lies: as the output does, as one number, or by strides of its own. */
type Layout = "contiguous" | "scalar" | "strided";

function layoutOf(strides: Strides3, { outer, axis, inner }: BinaryParams): Layout {
  const contiguous = [axis * inner, inner, 1];
  const matters = [outer, axis, inner].map((size) => size > 1);
  if (matters.every((long, i) => !long || strides[i] === contiguous[i])) return "contiguous";
  return matters.every((long, i) => !long || strides[i] === 0) ? "scalar" : "strided";
}

function binarySource(fn: BinaryFunction, a: Layout, b: Layout): string {
  const first = divide("o", here, "slice");
  const second = divide("x", first.remainder, "inner");
  const index = (name: string, layout: Layout): string => {
    if (layout === "contiguous") return here;
    if (layout === "scalar") return "0";
    return `${int("o")} * ${name}Outer + ${int("x")} * ${name}Axis + ${second.remainder} * ${name}Inner`;
  };
  const prepare = a === "strided" || b === "strided" ? first.prepare + second.prepare : "";
  return kernel(
    [
      "a",
      "b",
      "slice",
      "inner",
      "aOuter",
      "aAxis",
      "aInner",
      "bOuter",
      "bAxis",
      "bInner",
      "alpha",
      "beta",
      "infinity",
      "nan",
    ],
    `${prepare} const p = a[${index("a", a)}]; const q = b[${index("b", b)}]; ${bodies[fn]}`,
  );
}

export const binary = (queue: Queue): Pick<RequiredKernels<Cell>, "binary"> => ({
  binary({ y }, { a, b }, params) {
    const { fn, alpha, beta, outer, axis, inner, aStrides, bStrides } = params;
    if (y.length === 0) return;
    requireCount("binary", "outer elements", outer);
    requireCount("binary", "elements along the axis", axis);
    queue.call({
      outputs: [y],
      inputs: [a, b],
      launches: [
        {
          output: y,
          source: binarySource(fn, layoutOf(aStrides, params), layoutOf(bStrides, params)),
          inputs: [a, b],
          sizes: [axis * inner, inner, ...aStrides, ...bStrides],
          numbers: [alpha, beta, Number.POSITIVE_INFINITY, Number.NaN],
        },
      ],
    });
  },
});
