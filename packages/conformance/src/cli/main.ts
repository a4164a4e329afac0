#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { casesVersion } from "../cases.ts";
import { selectCases } from "../check-backend.ts";
import type { Report } from "../report.ts";
import { reportHtml } from "../report-html.ts";
import { reportText } from "../report-text.ts";
import { type CheckCommand, type Command, parseCommand, selects, UsageError, usage } from "./arguments.ts";
import { caseProcessFlag, runCaseProcess } from "./case-process.ts";
import { progressLine } from "./progress-line.ts";
import { supervisedCheck } from "./supervised-check.ts";

const script = fileURLToPath(import.meta.url);
const environment = `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`;

async function check(command: CheckCommand): Promise<number> {
  const progress = progressLine(process.stderr);
  const report = await supervisedCheck({ ...command, script, onVerdict: progress.show }).finally(progress.clear);
  if (command.html !== undefined) writeFileSync(command.html, reportHtml(report, environment));
  process.stdout.write(`${command.json ? asJson(report) : asText(report)}\n`);
  return report.failed > 0 ? 1 : 0;
}

function asText(report: Report): string {
  const color = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  return reportText(report, { color });
}

function asJson(report: Report): string {
  const readable = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return JSON.stringify({ ...report, environment }, readable, 2);
}

function list({ tier, filters }: Extract<Command, { kind: "list" }>): number {
  const ids = selectCases({ tier, filter: selects(filters) }).map(({ id }) => id);
  process.stdout.write(`${[`# case set ${casesVersion}, tier ${tier}: ${ids.length} cases`, ...ids].join("\n")}\n`);
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommand(args);
  if (command.kind === "help") {
    process.stdout.write(usage);
    return 0;
  }
  return command.kind === "list" ? list(command) : check(command);
}

if (process.argv[2] === caseProcessFlag) {
  runCaseProcess();
} else {
  // Whoever reads the output may have seen enough.
  process.stdout.on("error", () => process.exit(process.exitCode ?? 0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(signal === "SIGINT" ? 130 : 143));
  }
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`surprisal-conformance: ${error.message}\n`);
    process.stderr.write("Try --help.\n");
    process.exitCode = 2;
  }
}
