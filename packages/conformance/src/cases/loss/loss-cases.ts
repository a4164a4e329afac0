import type { Case } from "../../case.ts";
export const lossCases: Record<"softmaxCrossEntropy" | "softmaxCrossEntropyGradient", readonly Case[]> = {
  softmaxCrossEntropy: [],
  softmaxCrossEntropyGradient: [],
};
