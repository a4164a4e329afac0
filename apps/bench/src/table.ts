import type { Spread } from "./statistics.ts";

/** `23.1 [22.4–24.0]` */
export function withQuartiles({ median, lower, upper }: Spread): string {
  return `${threeDigits(median)} [${threeDigits(lower)}–${threeDigits(upper)}]`;
}

export function microseconds(milliseconds: number): string {
  const value = milliseconds * 1000;
  return value < 1000 ? threeDigits(value) : Math.round(value).toLocaleString("en").replaceAll(",", " ");
}

/** Three significant digits, without an exponent where it can be read. */
export function threeDigits(value: number): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : "∞";
  const magnitude = Math.abs(value);
  if (magnitude < 0.001) return value.toExponential(1);
  return magnitude >= 1000 ? Math.round(value).toString() : value.toPrecision(3);
}

/** A Markdown table whose columns are as wide as their longest cell. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, c) => Math.max(3, title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, c) => cell.padEnd(widths[c]!)).join(" | ")} |`;
  return [line(titles), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
