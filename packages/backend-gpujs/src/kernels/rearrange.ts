import type { RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { divide, here, kernel, requireCount } from "./source.ts";

/** One kernel a number of dimensions: all that tells one call from another is an argument. */
function rearrangeSource(dimensions: number, background: boolean): string {
  const axes = Array.from({ length: dimensions }, (_, axis) => axis);
  const steps: string[] = [];
  const coordinates: string[] = [];
  let rest = here;
  for (const axis of axes) {
    const { prepare, quotient, remainder } = divide(`d${axis}`, rest, axis === dimensions - 1 ? "1" : `after${axis}`);
    steps.push(prepare);
    coordinates.push(quotient);
    rest = remainder;
  }
  const inside = axes
    .map((axis) => `${coordinates[axis]} >= from${axis} && ${coordinates[axis]} < to${axis}`)
    .join(" && ");
  const place = axes.map((axis) => `${coordinates[axis]} * stride${axis}`).join(" + ");
  return kernel(
    ["x", ...(background ? ["background"] : []), ...parameters(dimensions)],
    `${steps.join("")}
    let y = ${background ? `background[${here}]` : "0"};
    if (${inside}) { y = x[offset + ${place}]; }
    return y;`,
  );
}

const parameters = (dimensions: number): string[] => [
  "offset",
  ...Array.from({ length: dimensions }, (_, axis) =>
    ["after", "stride", "from", "to"].map((name) => `${name}${axis}`),
  ).flat(),
];

export const rearrange = (queue: Queue): Pick<RequiredKernels<Cell>, "rearrange"> => ({
  rearrange({ y }, { x, background }, { dims, strides, offset, from, to }) {
    if (y.length === 0) return;
    let after = y.length;
    const sizes = [offset];
    for (const [axis, size] of dims.entries()) {
      requireCount("rearrange", `elements along axis ${axis}`, axis === dims.length - 1 ? 0 : size);
      after /= size;
      sizes.push(after, strides[axis]!, from[axis]!, to[axis]!);
    }
    const inputs = background ? [x, background] : [x];
    const source = rearrangeSource(dims.length, background !== undefined);
    queue.call({ outputs: [y], inputs, launches: [{ output: y, source, inputs, sizes }] });
  },
});
