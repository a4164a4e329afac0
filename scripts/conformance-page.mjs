// The table of docs/conformance.md: backend × group, and how far the backends' answers lie apart.
import { spread } from "@surprisal/browser-kit/answer-sample";
import { reportRows } from "@surprisal/conformance";

/**
 * @typedef {object} Outcome what became of a subject with all seeds
 * @property {string} name
 * @property {import("@surprisal/conformance").Report[]} reports one a seed
 * @property {import("@surprisal/browser-kit/answer-sample").AnswerSample[]} answers
 * @property {string | undefined} [missing] why it could not be checked here
 * @property {number} seconds
 */

/** Three digits at most. */
const short = (value) => (value >= 0.01 ? value.toFixed(2) : value === 0 ? "0" : value.toExponential(0));

/** The greatest of some errors with its case, as a cell. */
function worstCell(errors) {
  const found = errors.reduce((a, b) => (b && b.value > (a?.value ?? 0) ? b : a), undefined);
  return found ? `${short(found.value)} (${found.id})` : "0";
}

const sum = (reports, key) => reports.reduce((total, report) => total + report[key], 0);

/** The rows of all groups of a subject, over its seeds. */
function groupsOf({ reports }) {
  const groups = new Map();
  for (const row of reports.flatMap((report) => reportRows(report))) {
    const known = groups.get(row.group) ?? { passed: 0, failed: 0, ofAllowed: 0 };
    groups.set(row.group, {
      passed: known.passed + row.passed,
      failed: known.failed + row.failed,
      ofAllowed: Math.max(known.ofAllowed, row.ofAllowed?.value ?? 0),
    });
  }
  return groups;
}

/** The largest distance of each case between two subjects, over the seeds. */
function distances(a, b) {
  const largest = new Map();
  for (const [i, answers] of a.answers.entries()) {
    for (const [id, apart] of spread(answers, b.answers[i] ?? {})) {
      if (apart >= (largest.get(id) ?? 0)) largest.set(id, apart);
    }
  }
  return largest;
}

/** By group, the farthest that any two of these subjects are apart. */
function spreadOfGroups(subjects, groups) {
  const farthest = new Map();
  for (const [i, a] of subjects.entries()) {
    for (const b of subjects.slice(i + 1)) {
      for (const [id, value] of distances(a, b)) {
        const group = groups.filter((name) => id.startsWith(`${name}/`)).sort((x, y) => y.length - x.length)[0];
        if (group && value > (farthest.get(group)?.value ?? -1)) farthest.set(group, { value, id: nameIn(group, id) });
      }
    }
  }
  return farthest;
}

const nameIn = (group, id) => id.slice(group.length + 1);
const floatBytes = ({ reports }) => reports[0]?.facts?.floatBytes;

/** The subjects one by one: their device, what they passed, how near they came to a bound. */
function subjectTable(outcomes, reference) {
  const rows = outcomes.map((outcome) => {
    const { name, reports, missing, seconds } = outcome;
    if (missing !== undefined) return `| ${name} | not here: ${missing} | | | | | | |`;
    const worst = reports.flatMap((report) => reportRows(report).map(({ ofAllowed }) => ofAllowed));
    const apart =
      reference && outcome !== reference && floatBytes(outcome) === floatBytes(reference)
        ? worstCell([...distances(reference, outcome)].map(([id, value]) => ({ id, value })))
        : "";
    const counts = ["passed", "failed", "skipped"].map((key) => sum(reports, key));
    return `| ${[name, reports[0].facts?.device ?? "", ...counts, worstCell(worst), apart, Math.round(seconds)].join(" | ")} |`;
  });
  const from = reference ? `farthest from ${reference.name}, of scale (case)` : "";
  return [
    `| subject | device | passed | failed | skipped | largest part of a bound (case) | ${from} | seconds |`,
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Groups against subjects: cases that passed, and the largest part of a bound. */
function groupTable(outcomes) {
  const present = outcomes.filter(({ missing }) => missing === undefined);
  const groups = [...new Set(present.flatMap((outcome) => [...groupsOf(outcome).keys()]))];
  const apart = spreadOfGroups(
    present.filter((outcome) => floatBytes(outcome) === 4),
    groups,
  );
  const rows = groups.map((group) => {
    const cells = present.map((outcome) => {
      const { passed = 0, failed = 0, ofAllowed = 0 } = groupsOf(outcome).get(group) ?? {};
      if (failed > 0) return `**${failed} failed**`;
      if (passed === 0) return "–";
      return ofAllowed > 0 ? `${passed} · ${short(ofAllowed)}` : `${passed}`;
    });
    const far = apart.get(group);
    return `| ${[group, ...cells, far ? `${short(far.value)}${far.value > 0 ? ` (${far.id})` : ""}` : ""].join(" | ")} |`;
  });
  return [
    `| group | ${present.map(({ name }) => name).join(" | ")} | spread, of scale (case) |`,
    `|---|${"---|".repeat(present.length)}---|`,
    ...rows,
  ].join("\n");
}

/** The whole page. */
export function conformancePage({ outcomes, command, environment, cases, tier, seeds }) {
  const reference = outcomes.find(
    ({ missing, reports }) => missing === undefined && reports[0]?.facts?.floatBytes === 4,
  );
  return `# Every backend on one machine

\`${command}\` runs the conformance kit on our backends, on Node and in headless Chromium. This page is what \`--write\` left.

${environment}, case set ${cases}, tier ${tier}, seeds ${seeds[0]} to ${seeds.at(-1)}.

${subjectTable(outcomes, reference)}

Skipped are fusions that a backend does not offer, as plain offers none; what holds NaN and infinities, on a device that promises nothing about them; and in float32 the finite differences, which prove nothing there.

## By group

How many cases passed, and the largest part of what is allowed that any of them used. The spread is how far the answers of any two subjects in float32 lie apart, in units of the scale in which the case measures errors, over up to 32 numbers of each answer; float64 rounds other inputs and is not among them.

${groupTable(outcomes)}
`;
}
