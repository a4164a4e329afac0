import type { Backend } from "../backend.ts";
import { copiedRow, type Place } from "./row-of-loss.ts";

/** The outputs of the loss that are checked, row by row, and how many numbers of each are a row's; 0 for one a class. */
const WIDTHS = { rowLoss: 1, gradient: 0, state: 3, diagnostics: 3, temperatureSlope: 1 };

export type RowOutput = keyof typeof WIDTHS;

/** What a loss gave for one row, as far as it was asked for. */
export type RowAnswer<T = ArrayLike<number>> = { readonly [output in RowOutput]?: T | undefined };

const outputNames = Object.keys(WIDTHS) as RowOutput[];

export function widthOf(output: RowOutput, classes: number): number {
  return WIDTHS[output] || classes;
}

/** Which of the outputs that are checked are there. */
export function checkedOutputs(outputs: RowAnswer<unknown>): readonly RowOutput[] {
  return outputNames.filter((name) => outputs[name] !== undefined);
}

/** Enqueues the reads of a row of each output. */
export function answerOfRow(
  backend: Backend,
  outputs: RowAnswer<unknown>,
  { row, classes, place }: { readonly row: number; readonly classes: number; readonly place: Place },
): RowAnswer<Promise<ArrayLike<number>>> {
  const asked = checkedOutputs(outputs).map((name) => {
    const width = widthOf(name, classes);
    const at = name === "gradient" ? place : { offset: row * width, stride: 1 };
    return [name, copiedRow(backend, outputs[name], width, at)];
  });
  return Object.fromEntries(asked);
}

/** All that was asked, once it is there. */
export async function arrived(asked: RowAnswer<Promise<ArrayLike<number>>>): Promise<RowAnswer> {
  const found = checkedOutputs(asked).map(async (name) => [name, await asked[name]] as const);
  return Object.fromEntries(await Promise.all(found));
}
