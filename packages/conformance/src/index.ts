/**
 * The conformance kit: cases, a float64 oracle and the runners that prove a backend right, ours or a stranger's.
 *
 * - {@link checkBackend} gives a report, anywhere: a browser, a command line, a device of a user.
 * - {@link reportText} and {@link reportHtml} make a report readable; {@link reportRows} are its numbers by group.
 * - {@link describeBackend} registers the cases as tests; `@surprisal/conformance/vitest` has it bound to vitest.
 * - {@link quickCheck} verifies a backend for `openDevice`, in a second.
 * - {@link instrument} wraps a backend so that misuse throws and unwritten outputs are seen.
 * - {@link requiredOnly} hides fusions and optional facts, so that core derives them.
 * - {@link deferred} puts a backend under the rules of gpu.js, with faults on demand.
 *
 * @packageDocumentation
 */
export type { Answer } from "./answer.ts";
export { type Case, type CaseContext, strictNonFinite, type Tier } from "./case.ts";
export { cases, casesVersion } from "./cases.ts";
export { type CheckOptions, checkBackend } from "./check-backend.ts";
export { type Comparison, compare, type Expected, type Worst } from "./comparison.ts";
export { type DeferredOptions, deferred } from "./deferred.ts";
export { type DescribeOptions, describeBackend, type TestRunner } from "./describe-backend.ts";
export { type FloatArray, type FloatFormat, float32, float64, floatFormat } from "./float-format.ts";
export { type InstrumentedBackend, instrument, type TrackedHandle, type Usage } from "./instrument.ts";
export type { KernelName } from "./kernel-names.ts";
export {
  type LossProblem,
  type LossReference,
  lossHessianVector,
  lossMixedVector,
  lossTargetGradient,
  softmaxCrossEntropy as exactSoftmaxCrossEntropy,
} from "./oracle/softmax-cross-entropy.ts";
export { quickCheck } from "./quick-check.ts";
export { type RandomNumbers, randomNumbers } from "./random-numbers.ts";
export type { Report, Verdict } from "./report.ts";
export { type GroupRow, reportRows, type WorstOf } from "./report-groups.ts";
export { reportHtml } from "./report-html.ts";
export { reportText, type TextOptions } from "./report-text.ts";
export { requiredOnly } from "./required-only.ts";
export type { Subject } from "./session.ts";
export { betweenTwo, type Judgement, type Quantity, tolerance } from "./tolerance.ts";
