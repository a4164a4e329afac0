import type { RequiredKernels } from "@surprisal/core";
import type { Cell } from "../cell.ts";
import type { Queue } from "../queue.ts";
import { here, kernel } from "./source.ts";

const selectSource = kernel(
  ["condition", "a", "b"],
  `let y = b[${here}]; if (condition[${here}] !== 0) y = a[${here}]; return y;`,
);

export const selectAndFill = (queue: Queue): Pick<RequiredKernels<Cell>, "select" | "fill"> => ({
  select({ y }, { condition, a, b }) {
    const inputs = [condition, a, b];
    queue.call({ outputs: [y], inputs, launches: [{ output: y, source: selectSource, inputs }] });
  },
  fill({ y }, _inputs, { value }) {
    queue.fill(y, value);
  },
});
