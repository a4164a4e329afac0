import type { Report } from "./page.ts";

const lossBound = 1e-5;

/** A wrong number, a leak, or a kernel compiled in the middle of training. */
export function wrong({ verdicts, training, probes, errors, liveAtEnd }: Report): boolean {
  const leaks = training.some(({ live }) => new Set(live.map(String)).size > 1);
  const drifts = training.some(({ worstDeviation }) => !(worstDeviation <= lossBound));
  const broken = verdicts.some(({ passed }) => !passed) || probes.some(({ holds }) => holds === false);
  return broken || drifts || leaks || liveAtEnd > 0 || errors.length > 0;
}

export function print(report: Report): void {
  const failed = report.verdicts.filter(({ passed }) => !passed);
  console.log(`\n## ${report.mode}: ${report.device}`);
  console.log(
    `checks: ${report.verdicts.length - failed.length} of ${report.verdicts.length} right, ` +
      `${report.checkKernels} kernels compiled, ${Math.round(report.checkMs)} ms`,
  );
  for (const { name, worst } of report.verdicts.filter(
    (verdict) => /softmax|gemm.*300/.test(verdict.name) && verdict.passed,
  )) {
    console.log(`     ${name}: ${worst.toPrecision(2)} of its tolerance`);
  }
  for (const { name, worst, note } of failed)
    console.log(`  WRONG ${name}: ${worst.toPrecision(3)} tolerances; ${note}`);
  for (const run of report.training) {
    console.log(
      `${run.name} ${run.steps} steps: loss ${run.firstLoss.toFixed(6)} → ${run.lastLoss.toFixed(6)}, ` +
        `worst deviation from float64 ${run.worstDeviation.toExponential(1)} (a CPU in float32: ${run.roundedDeviation.toExponential(1)}); ` +
        `${run.shaders} shaders, ${run.sources} sources, ` +
        `${run.launchesPerStep.toFixed(1)} launches a step, first step ${Math.round(run.firstStepMs)} ms, then ${run.stepMs.toFixed(2)} ms; ` +
        `handles/arrays live after 11, 501, ${run.steps}: ${run.live.map((pair) => pair.join("/")).join(", ")}`,
    );
  }
  console.log(`live after close: ${report.liveAtEnd}`);
  for (const { clause, seen, holds } of report.probes) {
    console.log(`${holds === undefined ? "    " : holds ? " ok " : "FAIL"} ${clause}: ${seen}`);
  }
  for (const error of report.errors) console.log(`  ERROR ${error}`);
}
