import type { Check } from "./check.ts";

/** A line for each group, a column for each package: ✓ or ✗. */
export function table(checks: readonly Check[]): string {
  const names = [...new Set(checks.map(({ name }) => name))].filter((name) => name.startsWith("@"));
  const groups = [...new Set(checks.map(({ group }) => group))].filter((group) => group !== "release");
  const mark = (group: string, name: string) => {
    const found = checks.find((one) => one.group === group && one.name === name);
    return found === undefined ? "" : found.failure === undefined ? "✓" : "✗";
  };
  const rows = [["", ...names], ...groups.map((group) => [group, ...names.map((name) => mark(group, name))])];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  const rest = checks.filter(({ group }) => group === "release");
  const steps = rest.map(({ name, failure }) => `${failure === undefined ? "✓" : "✗"} ${name}`);
  return [...steps, ...rows.map(line)].map((text) => text.trimEnd()).join("\n");
}
