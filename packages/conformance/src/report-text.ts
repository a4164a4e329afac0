import type { Report } from "./report.ts";
import { counted, type GroupRow, reportRows, type WorstOf } from "./report-groups.ts";

/** How to print a report. */
export interface TextOptions {
  /** Whether to colour by ANSI escapes; plain if absent. */
  readonly color?: boolean | undefined;
}

/** So many failures are told one by one. */
const mostFailures = 20;

/**
 * A report for a terminal or a log: what was checked, a table by group, what failed and why, what was skipped and why.
 * @example
 * console.log(reportText(await checkBackend(subject)));
 */
export function reportText(report: Report, { color = false }: TextOptions = {}): string {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const rows = reportRows(report);
  return [
    paint(1, report.name),
    about(report),
    "",
    ...table(rows).map((line, i) => {
      if (i === 0) return paint(1, line);
      const row = rows[i - 1]!;
      return row.failed > 0 ? paint(31, line) : line;
    }),
    ...failureLines(report),
    ...skipLines(report),
    "",
    paint(report.failed > 0 ? 31 : 32, `${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`),
  ].join("\n");
}

/** What was checked, and with what. */
export function about({ facts, cases, tier, seed }: Report): string {
  const backend = facts
    ? `${facts.device}; class ${facts.precision}, variant ${facts.variant}, ${facts.threads} thread${facts.threads === 1 ? "" : "s"}`
    : "could not be opened";
  return `${backend}; case set ${cases}, tier ${tier}, seed ${seed}`;
}

/** The name of a case in a row of its group. */
export function nameWithin(group: string, id: string): string {
  return id.startsWith(`${group}/`) ? id.slice(group.length + 1) : id;
}

/** Three digits, the shorter way. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value >= 0.01 && value < 1e4 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

function worstCell(worst: WorstOf | undefined, group: string): string {
  return worst === undefined || worst.value === 0 ? "" : `${shortNumber(worst.value)} ${nameWithin(group, worst.id)}`;
}

function table(rows: readonly GroupRow[]): string[] {
  const cells = [
    ["group", "passed", "failed", "skipped", "worst ulp, case", "worst scaled, case"],
    ...rows.map(({ group, passed, failed, skipped, ulp, scaled }) => [
      group,
      String(passed),
      String(failed),
      String(skipped),
      worstCell(ulp, group),
      worstCell(scaled, group),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) =>
        column >= 1 && column <= 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}

function failureLines({ verdicts }: Report): string[] {
  const failed = verdicts.filter(({ status }) => status === "failed");
  if (failed.length === 0) return [];
  // One reason may fail them all: it is told once.
  const reasons = counted(failed.map(({ message }) => message ?? ""));
  const told = reasons.slice(0, mostFailures).map(([message, times]) => {
    const first = failed.find((verdict) => (verdict.message ?? "") === message)!;
    return `  ${first.id}${times > 1 ? ` and ${times - 1} more` : ""}: ${message}`;
  });
  const left = reasons.length - told.length;
  return ["", "failed:", ...told, ...(left > 0 ? [`  and ${left} other failures`] : [])];
}

function skipLines({ verdicts }: Report): string[] {
  const reasons = counted(verdicts.flatMap(({ status, reason }) => (status === "skipped" ? [reason ?? ""] : [])));
  return reasons.length === 0 ? [] : ["", "skipped:", ...reasons.map(([reason, times]) => `  ${times}: ${reason}`)];
}
