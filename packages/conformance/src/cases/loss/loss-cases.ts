import type { CasesByOp } from "../ops/op-case.ts";
import { lossDerivativeCases } from "./derivatives.ts";
import { deviceOptionCases } from "./device-options.ts";
import { lossDifferenceCases } from "./differences.ts";
import { goldenCases } from "./golden.ts";
import { lossLawCases } from "./laws.ts";
import { optionEdgeCases } from "./option-edges.ts";
import { refusalCases } from "./refusals.ts";
import { semanticsCases } from "./semantics.ts";
import { targetDerivativeCases } from "./target-derivatives.ts";
import { gradientValueCases, lossValueCases } from "./values.ts";

/** The two ops of the loss. */
export const lossCases: CasesByOp<"softmaxCrossEntropy" | "softmaxCrossEntropyGradient"> = {
  softmaxCrossEntropy: [
    ...lossValueCases,
    ...semanticsCases,
    ...optionEdgeCases,
    ...refusalCases,
    ...goldenCases,
    ...lossLawCases,
  ],
  softmaxCrossEntropyGradient: [
    ...gradientValueCases,
    ...lossDerivativeCases,
    ...targetDerivativeCases,
    ...lossDifferenceCases,
    ...deviceOptionCases,
  ],
};
