import type { Report, Verdict } from "./report.ts";
import { counted, reportRows, type WorstOf } from "./report-groups.ts";
import { about, nameWithin, shortNumber } from "./report-text.ts";

const style = `
:root { color-scheme: light dark; --line: #8885; --bad: #c5221f; --good: #188038; --faint: #777; }
@media (prefers-color-scheme: dark) { :root { --bad: #f28b82; --good: #81c995; --faint: #999; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { margin: 0; } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
p { margin: .25rem 0; } .faint { color: var(--faint); } .bad { color: var(--bad); } .good { color: var(--good); }
.total { font-size: 1.2rem; font-weight: 600; margin: 1rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; } .n { text-align: right; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
summary { cursor: pointer; padding: .2rem 0; }`;

/**
 * A report as one self-contained page: no script, no font and no file besides. What the backend says of itself, a table by
 * group with the worst errors and their cases, every failure, the reasons of the skips, and every case.
 * @param environment where the report was made, in words
 */
export function reportHtml(report: Report, environment = ""): string {
  const { passed, failed, skipped } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(report.name)}: ${failed === 0 ? "passes" : `${failed} failed`}</title>
<style>${style}
</style>
<h1>${escaped(report.name)}</h1>
<p>${escaped(about(report))}</p>
<p class="faint">${escaped(environment)}</p>
<p class="total ${failed > 0 ? "bad" : "good"}">${passed} passed, ${failed} failed, ${skipped} skipped</p>
${groupTable(report)}
${failures(report)}
${skips(report)}
${everyCase(report)}
</html>
`;
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character]!);
}

function groupTable(report: Report): string {
  const rows = reportRows(report).map(({ group, passed, failed, skipped, ulp, scaled, ofAllowed }) =>
    row([
      code(group),
      number(passed),
      number(failed, failed > 0 ? " bad" : ""),
      number(skipped),
      cell(worst(ulp, group)),
      cell(worst(scaled, group)),
      cell(worst(ofAllowed, group)),
    ]),
  );
  const head = ["group", "passed", "failed", "skipped", "worst ulp", "worst scaled error", "largest part of the bound"];
  return table(head, rows);
}

function failures({ verdicts }: Report): string {
  const failed = verdicts.filter(({ status }) => status === "failed");
  if (failed.length === 0) return "";
  const rows = failed.map(({ id, message = "" }) => row([code(id), cell(escaped(message))]));
  return `<h2>Failed</h2>\n${table(["case", "why"], rows)}`;
}

function skips({ verdicts }: Report): string {
  const reasons = counted(verdicts.flatMap(({ status, reason }) => (status === "skipped" ? [reason ?? ""] : [])));
  if (reasons.length === 0) return "";
  const rows = reasons.map(([reason, times]) => row([number(times), cell(escaped(reason))]));
  return `<h2>Skipped</h2>\n${table(["cases", "why"], rows)}`;
}

function everyCase({ verdicts }: Report): string {
  const groups = [...new Set(verdicts.map(({ group }) => group))];
  const parts = groups.map((group) => {
    const of = verdicts.filter((verdict) => verdict.group === group);
    const rows = of.map((verdict) =>
      row([code(nameWithin(group, verdict.id)), cell(outcome(verdict)), ...errors(verdict)]),
    );
    return `<details><summary>${escaped(group)} (${of.length})</summary>\n${table(["case", "", "ulp", "scaled"], rows)}</details>`;
  });
  return `<h2>Every case</h2>\n${parts.join("\n")}`;
}

function outcome({ status }: Verdict): string {
  const classes = { passed: "good", failed: "bad", skipped: "faint" };
  return `<span class="${classes[status]}">${status}</span>`;
}

function errors({ worst }: Verdict): string[] {
  return worst === undefined ? [cell(""), cell("")] : [cell(shortNumber(worst.ulp)), cell(shortNumber(worst.scaled))];
}

function worst(of: WorstOf | undefined, group: string): string {
  if (of === undefined || of.value === 0) return "";
  return `${shortNumber(of.value)} <code>${escaped(nameWithin(group, of.id))}</code>`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  const titles = head.map((title) => `<th>${title}</th>`).join("");
  return `<div class="scroll"><table><thead><tr>${titles}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table></div>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.join("")}</tr>`;
}

function cell(html: string): string {
  return `<td>${html}</td>`;
}

function code(text: string): string {
  return cell(`<code>${escaped(text)}</code>`);
}

function number(value: number, more = ""): string {
  return `<td class="n${more}">${value}</td>`;
}
