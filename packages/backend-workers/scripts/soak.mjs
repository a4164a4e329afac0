// Kills workers at random until so many have died, and compares every bit with cpu's.
//   pnpm --filter @surprisal/backend-workers soak [--deaths 10000] [--seed N] [--write]
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { soak } from "../testing/soak.ts";

const { values } = parseArgs({
  options: {
    deaths: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    write: { type: "boolean", default: false },
  },
});
const [deaths, seed] = [Number(values.deaths), Number(values.seed)];
console.log(`seed ${seed}`);
const start = performance.now();
const report = await soak({
  seed,
  deaths,
  onProgress: ({ calls, deaths: soFar }) => console.log(`${calls} calls, ${JSON.stringify(soFar)}`),
});
const seconds = Math.round((performance.now() - start) / 1000);
const causes = Object.entries(report.deaths).map(([reason, count]) => `| ${reason} | ${count} |`);
const page = `# The last soak of the workers

\`node scripts/bootstrap.mjs pnpm --filter @surprisal/backend-workers soak --deaths ${deaths} --seed ${seed}\` kills, hangs and delays workers at random moments of their work, with chunks of random sizes, while large calls of every kernel are made; each result is compared bit by bit with cpu's. This page is what \`--write\` left.

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, 6 threads: ${report.calls} calls on ${report.openings} backends in ${seconds} s. No wrong bit, no failed call, no hung promise; the slowest call with its reads took ${Math.round(report.slowest)} ms.

| what was noticed of a worker | times |
| --- | --- |
${causes.join("\n")}
`;
console.log(page);
if (values.write) writeFileSync(new URL("../../../docs/workers-soak.md", import.meta.url), page);
