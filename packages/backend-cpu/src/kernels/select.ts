import { grainFor, type KernelTable } from "./phase.ts";

/** Elements of a block. */
const BLOCK = 4096;

export const select: KernelTable["select"] = ({ y }, { condition, a, b }, { length }) => [
  {
    run: "select",
    args: [y.address, condition.address, a.address, b.address, length],
    blocks: Math.ceil(length / BLOCK),
    grain: grainFor(BLOCK),
  },
];

export const fill: KernelTable["fill"] = ({ y }, _inputs, { value, length }) => [
  { run: "fill", args: [y.address, value, length], blocks: Math.ceil(length / BLOCK), grain: grainFor(BLOCK) },
];
