import type { CasesByOp } from "../ops/op-case.ts";
import { lossDerivativeCases } from "./derivatives.ts";
import { lossDifferenceCases } from "./differences.ts";
import { goldenCases } from "./golden.ts";
import { lossLawCases } from "./laws.ts";
import { linearLossCases } from "./linear.ts";
import { refusalCases } from "./refusals.ts";
import { semanticsCases } from "./semantics.ts";
import { targetDerivativeCases } from "./target-derivatives.ts";
import { gradientValueCases, lossValueCases } from "./values.ts";

/** The ops of the loss. */
export const lossCases: CasesByOp<"linearCrossEntropy" | "softmaxCrossEntropy" | "softmaxCrossEntropyGradient"> = {
  linearCrossEntropy: linearLossCases,
  softmaxCrossEntropy: [...lossValueCases, ...semanticsCases, ...refusalCases, ...goldenCases, ...lossLawCases],
  softmaxCrossEntropyGradient: [
    ...gradientValueCases,
    ...lossDerivativeCases,
    ...targetDerivativeCases,
    ...lossDifferenceCases,
  ],
};
