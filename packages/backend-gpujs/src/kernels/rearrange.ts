import type { RearrangeParams, RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { kernel, split } from "./source.ts";

// The offset is an argument: slices that walk along a tensor, minibatches for one, share a kernel.
function rearrangeSource({ dims, strides, from, to }: RearrangeParams, background: boolean): string {
  const axes = dims.map((_, axis) => axis);
  const after = (axis: number) => dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  const coordinates = axes.map((axis) =>
    split(axis === 0 ? "i" : `rest${axis - 1}`, after(axis), `d${axis}`, `rest${axis}`),
  );
  const inside = axes.flatMap((axis) => [`d${axis} >= ${from[axis]}`, `d${axis} < ${to[axis]}`]).join(" && ");
  const index = axes.map((axis) => `d${axis} * (${strides[axis]})`).join(" + ");
  return kernel(
    background ? ["x", "background", "offset"] : ["x", "offset"],
    `${coordinates.join("")}
    let y = ${background ? "background[i]" : "0"};
    if (${inside}) { y = x[offset + ${index}]; }
    return y;`,
  );
}

export const rearrange = (queue: Queue): Pick<RequiredKernels<Cell>, "rearrange"> => ({
  rearrange({ y }, { x, background }, params) {
    const inputs = background ? [x, background] : [x];
    if (x.length > 0) {
      const source = rearrangeSource(params, background !== undefined);
      queue.call({ outputs: [y], inputs, launches: [{ output: y, source, inputs, numbers: [params.offset] }] });
    } else {
      const source = background ? kernel(["background"], "return background[i];") : kernel([], "return 0;");
      queue.call({ outputs: [y], inputs, launches: [{ output: y, source, inputs: background ? [background] : [] }] });
    }
  },
});
