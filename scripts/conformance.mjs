// The conformance kit on every form of our backends, on Node and in headless Chromium. Prints a table; with --write it
// replaces docs/conformance.md.
//   npm run conformance -- [--backend NAME] [--tier quick|full] [--seeds N] [--first-seed S] [--json] [--write]
//   pnpm nightly: the full tier with 5 seeds that differ from day to day
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openBrowserKit } from "@surprisal/browser-kit";
import { sampler } from "@surprisal/browser-kit/answer-sample";
import { casesVersion, checkBackend } from "@surprisal/conformance";
import { conformancePage } from "./conformance-page.mjs";
import { subjects } from "./conformance-subjects.mjs";

/** @returns {never} */
function wrongUse(reason) {
  console.error(`conformance: ${reason}`);
  process.exit(2);
}

function commandLine() {
  try {
    return parseArgs({
      options: {
        backend: { type: "string" },
        tier: { type: "string", default: "quick" },
        seeds: { type: "string", default: "1" },
        "first-seed": { type: "string", default: "1" },
        json: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return wrongUse(error instanceof Error ? error.message : String(error));
  }
}

function tierOf(text) {
  return text === "quick" || text === "full" ? text : wrongUse(`--tier is quick or full, not ${text}`);
}

const { backend, json, write, ...given } = commandLine();
const today = Math.floor(Date.now() / 86_400_000);
const firstSeed = given["first-seed"] === "today" ? today : Number(given["first-seed"]);
if (!/^[1-9]\d*$/.test(given.seeds) || !Number.isSafeInteger(firstSeed)) {
  wrongUse(
    `--seeds is a whole number from 1 and --first-seed one or "today", not ${given.seeds}, ${given["first-seed"]}`,
  );
}
const tier = tierOf(given.tier);
const seeds = Array.from({ length: Number(given.seeds) }, (_, i) => firstSeed + i);
const chosen = subjects.filter((subject) => backend === undefined || subject.backend === backend);
if (chosen.length === 0) {
  wrongUse(`there is no backend ${backend}; there are ${[...new Set(subjects.map((one) => one.backend))].join(", ")}`);
}

/** One browser for each way to launch it: a promise of it, or of why there is none. */
const browsers = new Map();
function browser(launch = {}) {
  const key = JSON.stringify(launch);
  if (!browsers.has(key)) browsers.set(key, openBrowserKit(launch));
  return browsers.get(key);
}
// What cases do on purpose, core warns its users of.
console.warn = () => {};
// First, so that it fails at once where there is no browser.
const pages = chosen.filter(({ page }) => page !== undefined);
for (const { chromium } of pages) await browser(chromium);

/** A report, and what the backend answered. */
async function checked({ name, create, page, chromium }, seed) {
  if (page !== undefined) return (await browser(chromium)).check(page, { tier, seed, answers: true });
  const answers = {};
  const report = await checkBackend({ name, create }, { tier, seed, onAnswer: sampler(answers) });
  return { report, answers };
}

async function outcomeOf(subject) {
  /** @type {import("./conformance-page.mjs").Outcome} */
  const outcome = { name: subject.name, reports: [], answers: [], seconds: 0 };
  const start = performance.now();
  for (const seed of seeds) {
    const { report, answers } = await checked(subject, seed);
    if (report.facts === undefined && subject.mayBeMissing) {
      return { ...outcome, missing: report.verdicts.find(({ status }) => status === "failed")?.message };
    }
    outcome.reports.push(report);
    outcome.answers.push(answers);
    for (const { id, status, message } of report.verdicts) {
      if (status === "failed") console.error(`${subject.name}, seed ${seed}: ${id}: ${message}`);
    }
  }
  return { ...outcome, seconds: (performance.now() - start) / 1000 };
}

const outcomes = [];
const environment = [
  new Date().toISOString().slice(0, 10),
  `Node ${process.versions.node}`,
  ...(pages.length > 0 ? [(await browser(pages[0]?.chromium)).browser] : []),
  `${process.platform} ${process.arch}`,
].join(", ");
try {
  for (const subject of chosen) outcomes.push(await outcomeOf(subject));
} finally {
  for (const one of browsers.values()) await (await one).close();
}

const command = `npm run conformance -- ${process.argv.slice(2).join(" ")}`.replace(/( --)? *$/, "");
const page = conformancePage({ outcomes, command, environment, cases: casesVersion, tier, seeds });
if (json) {
  const readable = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
  const data = outcomes.map(({ answers: _, ...rest }) => rest);
  console.log(JSON.stringify({ environment, cases: casesVersion, tier, seeds, outcomes: data }, readable, 2));
} else console.log(page);
if (write) writeFileSync(new URL("../docs/conformance.md", import.meta.url), page);
if (outcomes.some(({ reports }) => reports.some(({ failed }) => failed > 0))) process.exitCode = 1;
