// Times the workers backend: what sharing work out costs, beside pools that send messages, and what it gains over cpu.
//   pnpm bench:threads [--rounds N] [--write]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { load, machine, today, versionOf } from "./machine.ts";
import type { Spread } from "./statistics.ts";
import { dispatchRows, messageRows } from "./threads/dispatch.ts";
import { lossWork, type ScalingRow, scalingRows, stepWork } from "./threads/scaling.ts";
import { command, wholeNumber } from "./usage-error.ts";

const THREADS = [1, 2, 3, 4];

const large = [
  [64, 1000],
  [1024, 100],
  [1024, 1000],
  [256, 50_257],
  [64, 128_256],
  [1, 128_256],
  [4, 50_257],
  [1, 1_000_000],
] as const;
const small = [
  [1, 10],
  [32, 10],
  [128, 10],
  [128, 100],
  [16, 1000],
] as const;

await command(async () => {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "31" }, write: { type: "boolean" } } });
  const effort = { rounds: wholeNumber("--rounds", values.rounds, 1), sampleMs: 5 };
  const before = load();
  const dispatch = [...(await dispatchRows(effort)), ...(await messageRows(effort))];
  const gains = await scalingRows(
    [...large.map(([rows, classes]) => lossWork(rows, classes)), stepWork(128, 128), stepWork(512, 512)],
    THREADS,
    effort,
  );
  const losses = await scalingRows(
    [...small.map(([rows, classes]) => lossWork(rows, classes)), stepWork(8, 32)],
    THREADS,
    effort,
  );
  const { cpu, cores, platform, node, v8 } = machine();
  const versions = ["piscina", "tinypool"].map((name) => `${name} ${versionOf(name)}`).join(", ");
  const page = `# What threads cost and gain

\`pnpm bench:threads --write\` measured this and wrote this page.

${today()}, ${cpu} (${cores} cores), ${platform}, Node ${node} (V8 ${v8}), ${versions}; load ${before.toFixed(1)} → ${load().toFixed(1)}, of which this command makes up to 4. Everything in one process and in turns; medians of ${effort.rounds} rounds, quartiles in brackets. **Where the load is above the number of cores, other programs had them too, and threads gain less.**

## Having a chunk done by each thread

Workers that are awake; the time from the call to its return, and the shortest of all rounds ("least"). With chunks of nothing all of it is the price of sharing. With chunks of work, some 2 µs for each thread, what cpu takes for one such chunk is taken off, and the rest is the price.

| | threads | µs | least |
| --- | --- | --- | --- |
${dispatch.map(({ name, threads, microseconds }) => `| ${name} | ${threads} | ${brackets(microseconds)} | ${digits(microseconds.least)} |`).join("\n")}

## Speed-up over cpu

The time of cpu divided by that of workers: above 1 is faster than cpu.

${table(gains)}

## Work that is too small to share

It runs on the calling thread: 1.00 is as fast as cpu, above 1 is faster.

${table(losses)}
`;
  console.log(page);
  if (values.write) writeFileSync(new URL("../../../docs/threads.md", import.meta.url), page);
});

function table(rows: readonly ScalingRow[]): string {
  const head = `| | cpu, µs | ${THREADS.map((threads) => `${threads} thread${threads === 1 ? "" : "s"}`).join(" | ")} |`;
  const lines = rows.map(
    ({ name, microseconds, speedUps }) =>
      `| ${name} | ${digits(microseconds.median)} | ${speedUps.map((each) => brackets(each)).join(" | ")} |`,
  );
  return [head, `| --- | --- | ${THREADS.map(() => "---").join(" | ")} |`, ...lines].join("\n");
}

function brackets({ median, lower, upper }: Spread): string {
  return `${digits(median)} [${digits(lower)}–${digits(upper)}]`;
}

function digits(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
}
