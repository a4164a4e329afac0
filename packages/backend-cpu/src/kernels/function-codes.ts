import type { BinaryFunction, ReduceFunction, UnaryFunction } from "@surprisal/core";

/** The functions of one number that are an exponential and a little more: each is a function of the kernel module. */
export type ExponentialFunction = "exp" | "expm1" | "tanh" | "sigmoid" | "normalCdf" | "geluErf" | "geluTanh";

const binaryFunctions = ["add", "mul", "div", "pow", "min", "max", "equal", "less", "lessEqual"] as const;
const unaryFunctions = ["affine", "pow", "clamp", "log", "log1p", "relu", "step", "abs", "sign"] as const;
const reduceFunctions = ["sum", "sumSquares", "max", "min", "argmax"] as const;

/** The functions as the kernel module numbers them: assembly/function-codes.ts has the same order. */
export const binaryCodes: Readonly<Record<BinaryFunction, number>> = numbered(binaryFunctions, 0);

/** The other functions of one number, which `binary` computes too: they go on counting. */
export const unaryCodes: Readonly<Record<Exclude<UnaryFunction, ExponentialFunction>, number>> = numbered(
  unaryFunctions,
  binaryFunctions.length,
);

export const reduceCodes: Readonly<Record<ReduceFunction, number>> = numbered(reduceFunctions, 0);

function numbered<Name extends string>(names: readonly Name[], first: number): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, code) => [name, first + code])) as Record<Name, number>;
}
