import type { Case } from "../../case.ts";
import type { CasesByOp } from "../ops/op-case.ts";
import { bufferCases } from "./buffers.ts";
import { classAxisCases } from "./class-axis.ts";
import { combinationDerivativeCases } from "./combination-derivatives.ts";
import { combinationCases } from "./combinations.ts";
import { lossDerivativeCases } from "./derivatives.ts";
import { deviceOptionCases } from "./device-options.ts";
import { lossDifferenceCases } from "./differences.ts";
import { drawnLawCases } from "./drawn-laws.ts";
import { edgePathCases } from "./edge-paths.ts";
import { goldenCases } from "./golden.ts";
import { lossLawCases } from "./laws.ts";
import { linearLossCases } from "./linear.ts";
import { optionEdgeCases } from "./option-edges.ts";
import { partsCases } from "./parts.ts";
import { presetCases } from "./presets.ts";
import { randomLossCases } from "./random-losses.ts";
import { refusalCases } from "./refusals.ts";
import { rowStateCases } from "./row-states.ts";
import { semanticsCases } from "./semantics.ts";
import { targetDerivativeCases } from "./target-derivatives.ts";
import { termCurvatureCases } from "./term-curvature.ts";
import { gradientValueCases, lossValueCases } from "./values.ts";

/** The ops of the loss. */
export const lossCases: CasesByOp<"linearCrossEntropy" | "softmaxCrossEntropy" | "softmaxCrossEntropyGradient"> = {
  linearCrossEntropy: linearLossCases,
  softmaxCrossEntropy: [
    ...lossValueCases,
    ...semanticsCases,
    ...optionEdgeCases,
    ...edgePathCases,
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

/** What else core's public API says of a loss: its parts, states, axes, and what goes together. */
export const lossPartCases: readonly Case[] = [
  ...combinationCases,
  ...combinationDerivativeCases,
  ...classAxisCases,
  ...partsCases,
  ...presetCases,
  ...rowStateCases,
  ...bufferCases,
  ...termCurvatureCases,
  ...drawnLawCases,
  ...randomLossCases,
];
