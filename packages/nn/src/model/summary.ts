import type { Shape } from "@surprisal/core";

/** One layer as `summary` shows it. */
export interface LayerSummary {
  /** Its place: `2`, or `1.0` within layer 1. */
  readonly path: string;
  readonly name: string;
  /** Of one row. */
  readonly output: Shape;
  /** How many numbers it learns. */
  readonly parameters: number;
}

/** A table of layers: place and name, output shape, and how many numbers each learns (`model.summary()` in Keras). */
export function summaryTable(layers: readonly LayerSummary[], total: number): string {
  const rows = layers.map(({ path, name, output, parameters }) => [
    `${"  ".repeat(path.split(".").length - 1)}${path} ${name}`,
    `[${["rows", ...output.slice(1)].join(", ")}]`,
    grouped(parameters),
  ]);
  const table = [["Layer", "Output", "Parameters"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = ([name, output, parameters]: readonly string[]): string =>
    `${name!.padEnd(widths[0]!)}  ${output!.padEnd(widths[1]!)}  ${parameters!.padStart(widths[2]!)}`;
  const rule = "─".repeat(widths[0]! + widths[1]! + widths[2]! + 4);
  return [line(table[0]!), rule, ...rows.map(line), rule, `Total: ${grouped(total)}`].join("\n");
}

/** 101,770, in every locale. */
function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}
