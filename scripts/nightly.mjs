// The full tier of the conformance kit, with several seeds, on every form of the backends, on Node and in headless Chromium,
// and at length the faults of a GPU and training on it: what is too long for `npm test`. Prints a table; with --write it replaces the one in
// docs/nightly.md.
//   pnpm nightly [--seeds N] [--first-seed S] [--write]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cpu } from "@surprisal/backend-cpu";
import { plain } from "@surprisal/backend-cpu/plain";
import { gpujs } from "@surprisal/backend-gpujs/node";
import { workers } from "@surprisal/backend-workers";
import { openBrowserKit, softwareGpu } from "@surprisal/browser-kit";
import { casesVersion, checkBackend, deferred } from "@surprisal/conformance";
import { softwareVulkan } from "./software-vulkan.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    "first-seed": { type: "string", default: String(Math.floor(Date.now() / 86_400_000)) },
    write: { type: "boolean", default: false },
  },
});
const firstSeed = Number(values["first-seed"]);
if (!/^[1-9]\d*$/.test(values.seeds) || !Number.isSafeInteger(firstSeed)) {
  console.error(
    `nightly: --seeds is a whole number from 1 and --first-seed a whole number, not ${values.seeds} and ${values["first-seed"]}`,
  );
  process.exit(2);
}
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => firstSeed + i);

const driver = softwareVulkan();
if (driver !== undefined) process.env.VK_ICD_FILENAMES = driver;

// First, so that it fails at once where there is no browser.
const kit = await openBrowserKit(softwareGpu);

/** Checks a backend in this process. */
const here = (name, create) => ({ name, check: (options) => checkBackend({ name, create }, options) });
/** Checks a backend on a page of the browser. */
const inBrowser = (name, subject) => ({
  name: `${name}, in Chromium`,
  check: async (options) => (await kit.check(subject, options)).report,
});

const subjects = [
  here("plain, float32", () => plain({ precision: "f32" })),
  here("plain, float64", () => plain({ precision: "f64" })),
  here("plain under the rules of gpu.js, float32", () => deferred(plain({ precision: "f32" }))),
  here("plain under the rules of gpu.js, float64", () => deferred(plain({ precision: "f64" }))),
  here("cpu, relaxed", () => cpu({ variant: "relaxed" })),
  here("cpu, strict", () => cpu({ variant: "strict" })),
  here("workers, 4 threads", () => workers({ threads: 4 })),
  inBrowser("plain, float32", "plain-f32"),
  inBrowser("cpu, relaxed", "cpu-relaxed"),
  inBrowser("cpu, strict", "cpu-strict"),
  inBrowser("workers from a served script, 2 threads", "workers-url"),
  here("gpujs, WebGPU in software", () => gpujs()),
  inBrowser("gpujs, WebGPU in software", "gpujs-webgpu"),
  inBrowser("gpujs, WebGL 2 in software", "gpujs-webgl2"),
];

/** The row of the table that a subject earns with all seeds, and how many cases failed. */
async function rowOf({ name, check }) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let worst = { ofAllowed: 0, text: "" };
  const start = performance.now();
  for (const seed of seeds) {
    const report = await check({ tier: "full", seed });
    total.passed += report.passed;
    total.failed += report.failed;
    total.skipped += report.skipped;
    for (const { id, status, message, worst: found } of report.verdicts) {
      if (status === "failed") console.error(`${name}, seed ${seed}: ${id}: ${message}`);
      if (found && found.ofAllowed > worst.ofAllowed) {
        worst = { ofAllowed: found.ofAllowed, text: `${found.ofAllowed.toFixed(2)} (${id})` };
      }
    }
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const cells = [name, total.passed, total.failed, total.skipped, worst.text, seconds];
  return { failed: total.failed, text: `| ${cells.join(" | ")} |` };
}

const rows = [];
let failed = 0;
try {
  for (const subject of subjects) {
    const row = await rowOf(subject);
    rows.push(row.text);
    failed += row.failed;
  }
} finally {
  await kit.close();
}

const page = `# The last nightly run

\`node scripts/bootstrap.mjs pnpm nightly --seeds ${seeds.length} --first-seed ${firstSeed}\` runs the full tier of the conformance kit with these seeds. This page is what \`--write\` left.

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${kit.browser}, ${process.platform} ${process.arch}, case set ${casesVersion}, seeds ${seeds[0]} to ${seeds.at(-1)}.

| subject | passed | failed | skipped | largest share of what is allowed | seconds |
|---|---|---|---|---|---|
${rows.join("\n")}

Skipped are fusions that a backend does not offer, as plain offers none, and in float32 the finite differences, which prove nothing there.
`;
console.log(page);
if (values.write) writeFileSync(new URL("../docs/nightly.md", import.meta.url), page);

const { status } = spawnSync(
  "vitest",
  ["run", "scripts/browser-kit/src/gpu-faults", "scripts/browser-kit/src/training-curve.test.ts"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...process.env, CI: "true", NIGHTLY: "true" },
    stdio: "inherit",
  },
);
if (failed > 0 || status !== 0) process.exitCode = 1;
