/**
 * Surprisal's core: the backend contract, tensors and scopes, ops with their derivatives, gradients, and the fused
 * softmax cross-entropy loss.
 */
export type { AuditOptions } from "./audit/auditing.ts";
export type * from "./backend.ts";
export type { Device } from "./device.ts";
export {
  AuditError,
  BackendError,
  DeviceLostError,
  DeviceMismatchError,
  DisposedError,
  type ErrorCode,
  GradientError,
  isSurprisalError,
  LabelError,
  OptionError,
  ShapeError,
  StaleTensorError,
  type SurprisalError,
  UnavailableError,
  ValueError,
} from "./errors.ts";
export { checkpoint } from "./gradients/checkpoint.ts";
export { type CustomPullback, customGrad } from "./gradients/custom-grad.ts";
export { type GradCheckOptions, type GradCheckReport, gradCheck } from "./gradients/grad-check.ts";
export type { GradientTape, GradientTapeOptions } from "./gradients/gradient-tape.ts";
export { type Like, tensorsLike, tensorsOf, type WithAux } from "./gradients/structure.ts";
export {
  grad,
  type HessianProduct,
  hvp,
  jvp,
  type ValueAndGradients,
  type ValueAndTangent,
  type ValueGradientsAndAux,
  valueAndGrad,
  vjp,
} from "./gradients/transforms.ts";
export {
  full,
  type HostTensor,
  type HostValues,
  type NestedNumbers,
  type NumberArray,
  ones,
  zeros,
} from "./host-values.ts";
export type { Integers } from "./integers.ts";
export {
  type CrossEntropyTerms,
  type CrossEntropyTermsOptions,
  crossEntropyTerms,
} from "./loss/cross-entropy-terms.ts";
export type { DiagnosticName, Diagnostics } from "./loss/diagnostics.ts";
export { LOSS_SETTINGS, type LossSetting, legalCombinations } from "./loss/legal-combinations.ts";
export type { LinearLossOptions } from "./loss/linear-cross-entropy.ts";
export type {
  Denominator,
  LossOptionName,
  LossOptions,
  Reduction,
  RowLossOptions,
  Targets,
} from "./loss/loss-options.ts";
export { mergeRowStates } from "./loss/merge-row-states.ts";
export {
  lossFromRowStates,
  type RowStateLossOptions,
  type RowStatesOptions,
  rowStates,
} from "./loss/row-states.ts";
export type { LossGradientOptions } from "./loss/softmax-cross-entropy.ts";
export type { NestedArray } from "./nested-array.ts";
export { openDevice } from "./open-device.ts";
export type { Verify } from "./opening/candidate.ts";
export type { ChoiceStore } from "./opening/choice-memory.ts";
export type { OpenDeviceOptions } from "./opening/open-device-options.ts";
export {
  type CandidateReport,
  type CandidateStatus,
  type CaseFault,
  formatReport,
  type OpenReport,
  type Timing,
  type Verification,
} from "./opening/report.ts";
export type { Workload, WorkloadOp } from "./opening/workload.ts";
export { type LogitsBehind, logitsBehind } from "./ops/logits-behind.ts";
export * from "./ops.ts";
export { checkKeys } from "./options.ts";
export { rememberWith } from "./recovery/host-state.ts";
export type { MemoryInfo } from "./runtime.ts";
export type { Scope } from "./scope.ts";
export type { Shape } from "./shape.ts";
export type { Parameter, Tensor } from "./tensor.ts";
export { type AdamStep, adamUpdate } from "./updates/adam-update.ts";
export { assign } from "./updates/assign.ts";
export { parameterLike } from "./updates/parameter-like.ts";
export { type SgdStep, sgdUpdate } from "./updates/sgd-update.ts";
