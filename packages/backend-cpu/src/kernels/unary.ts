import type { UnaryFunction } from "@surprisal/core";
import { oneRun } from "./binary.ts";
import { RUN } from "./block-sizes.ts";
import { binaryCodes, type ExponentialFunction, unaryCodes } from "./function-codes.ts";
import type { WasmFunction } from "./functions.generated.ts";
import { grainFor, type KernelTable } from "./phase.ts";

const exponentialFunctions: Readonly<Record<ExponentialFunction, WasmFunction>> = {
  exp: "unaryExp",
  expm1: "unaryExpm1",
  tanh: "unaryTanh",
  sigmoid: "unarySigmoid",
  normalCdf: "unaryNormalCdf",
  geluErf: "unaryGeluErf",
  geluTanh: "unaryGeluTanh",
};

export const unary: KernelTable["unary"] = ({ y }, { x }, { fn, alpha, beta, length }) => {
  if (isExponential(fn)) {
    const args = [y.address, x.address, length];
    return [{ run: exponentialFunctions[fn], args, blocks: Math.ceil(length / RUN), grain: grainFor(RUN) }];
  }
  // The general power takes a logarithm; the most frequent one needs none.
  const code = fn === "pow" && alpha === 2 ? binaryCodes.mul : unaryCodes[fn];
  return oneRun(code, y.address, x.address, x.address, alpha, beta, length);
};

function isExponential(fn: UnaryFunction): fn is ExponentialFunction {
  return Object.hasOwn(exponentialFunctions, fn);
}
