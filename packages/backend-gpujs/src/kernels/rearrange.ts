import type { RearrangeParams, RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { divide, here, kernel } from "./source.ts";

const HALF = 4096;

/** The offset is an argument, in two halves that are exact: slices that walk along a tensor, minibatches for one, share a kernel. */
function rearrangeSource({ dims, strides, from, to }: RearrangeParams, background: boolean): string {
  let rest = here;
  let length = dims.reduce((product, size) => product * size, 1);
  const steps: string[] = [];
  const places: string[] = [`~~high * ${HALF} + ~~low`];
  const inside: string[] = [];
  for (const [axis, size] of dims.entries()) {
    const { prepare, quotient, remainder } = divide(`d${axis}`, rest, length, length / size);
    length /= size;
    steps.push(prepare);
    if (strides[axis] !== 0 && size > 1) places.push(`(${quotient}) * (${strides[axis]})`);
    if (from[axis]! > 0) inside.push(`${quotient} >= ${from[axis]}`);
    if (to[axis]! < size) inside.push(`${quotient} < ${to[axis]}`);
    rest = remainder;
  }
  const x = `x[${places.join(" + ")}]`;
  const otherwise = background ? `background[${here}]` : "0";
  const value =
    inside.length === 0 ? `return ${x};` : `let y = ${otherwise}; if (${inside.join(" && ")}) { y = ${x}; } return y;`;
  return kernel(background ? ["x", "background", "high", "low"] : ["x", "high", "low"], `${steps.join("")} ${value}`);
}

export const rearrange = (queue: Queue): Pick<RequiredKernels<Cell>, "rearrange"> => ({
  rearrange({ y }, { x, background }, params) {
    if (y.length === 0) return;
    const { dims, from, to, offset } = params;
    const outputs = [y];
    const inputs = background ? [x, background] : [x];
    if (dims.every((_, axis) => from[axis]! < to[axis]!)) {
      const high = Math.floor(offset / HALF);
      const numbers = [high, offset - high * HALF];
      const source = rearrangeSource(params, background !== undefined);
      queue.call({ outputs, inputs, launches: [{ output: y, source, inputs, numbers }] });
      return;
    }
    const source = background ? kernel(["background"], `return background[${here}];`) : kernel([], "return 0;");
    queue.call({ outputs, inputs, launches: [{ output: y, source, inputs: background ? [background] : [] }] });
  },
});
