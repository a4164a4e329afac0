import type { SpeedReport } from "./speed-report.ts";

/** A report as JSON; numbers that JSON does not have (a wrong answer may be infinitely wrong) are strings. */
export function toJson(report: SpeedReport): string {
  return JSON.stringify(
    report,
    (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
    2,
  );
}

/** The report that {@link toJson} wrote. */
export function fromJson(text: string): SpeedReport {
  const strange = ["Infinity", "-Infinity", "NaN"];
  return JSON.parse(text, (_, value) => (strange.includes(value) ? Number(value) : value));
}
