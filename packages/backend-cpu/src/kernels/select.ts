import { RUN } from "./block-sizes.ts";
import { grainFor, type KernelTable } from "./phase.ts";

export const select: KernelTable["select"] = ({ y }, { condition, a, b }, { length }) => [
  {
    run: "select",
    args: [y.address, condition.address, a.address, b.address, length],
    blocks: Math.ceil(length / RUN),
    grain: grainFor(RUN),
  },
];

export const fill: KernelTable["fill"] = ({ y }, _inputs, { value, length }) => [
  { run: "fill", args: [y.address, value, length], blocks: Math.ceil(length / RUN), grain: grainFor(RUN) },
];
