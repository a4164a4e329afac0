import type { Mutant } from "./mutants.ts";

/** Why a mutant computes what the right code does, wherever that can be seen. */
interface Argument extends Pick<Mutant, "file" | "at" | "original" | "replacement"> {
  readonly why: string;
}

const argued: readonly Argument[] = [];

function fits(argument: Argument, mutant: Mutant): boolean {
  return (["file", "at", "original", "replacement"] as const).every((part) => argument[part] === mutant[part]);
}

/** The argument for a mutant; undefined if nobody has made one. */
export function whyEquivalent(mutant: Mutant): string | undefined {
  return argued.find((argument) => fits(argument, mutant))?.why;
}

/** Arguments that fit no mutant: the code has changed since. */
export function unusedArguments(mutants: readonly Mutant[]): readonly string[] {
  return argued
    .filter((argument) => !mutants.some((mutant) => fits(argument, mutant)))
    .map(({ file, at, original, replacement }) => `${file}: ${at}: ${original} → ${replacement}`);
}
