import * as ops from "@surprisal/core/ops";
import type { Case } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { closedFormCases } from "../gradients/closed-forms.ts";
import { differenceCases } from "../gradients/differences.ts";
import { differentiable } from "../gradients/differentiable.ts";
import { withoutDerivative, zeroGradientCases } from "../gradients/without-derivative.ts";
import { lossCases } from "../loss/loss-cases.ts";
import { arrangementCases } from "./arrangement.ts";
import { broadcastingCases } from "./broadcasting.ts";
import type { OpName } from "./op-case.ts";
import { productCases } from "./products.ts";
import { reductionCases } from "./reductions.ts";
import { rowCases } from "./rows.ts";
import { softmaxCases } from "./softmax.ts";
import { unaryFunctionCases } from "./unary-functions.ts";

/** The value cases of every op that core exports. */
const casesByOp: Readonly<Record<OpName, readonly Case[]>> = {
  ...arrangementCases,
  ...rowCases,
  ...unaryFunctionCases,
  ...broadcastingCases,
  ...reductionCases,
  ...productCases,
  ...softmaxCases,
  ...lossCases,
};

/** What is missing: exports of core without a case or an entry among the derivatives, and entries of no export. */
export function uncoveredOps(exported: readonly string[] = Object.keys(ops)): readonly string[] {
  const derivatives = [...Object.keys(differentiable), ...Object.keys(withoutDerivative)];
  const valued = Object.entries(casesByOp).flatMap(([op, list]) => (list.length > 0 ? [op] : []));
  return [
    ...exported.filter((op) => !valued.includes(op)).map((op) => `${op} has no case`),
    ...exported.filter((op) => !derivatives.includes(op)).map((op) => `${op} has no entry among the derivatives`),
    ...[...new Set([...valued, ...derivatives])]
      .filter((op) => !exported.includes(op))
      .map((op) => `${op} is no op that core exports`),
  ];
}

/** Values of every op, then its derivatives. */
export const opAndGradientCases: readonly Case[] = [
  caseGroup("ops").quick("every-export-has-a-case", (t) => {
    const missing = uncoveredOps();
    t.expect(missing.length === 0, missing.join("; "));
  }),
  ...Object.values(casesByOp).flat(),
  ...closedFormCases,
  ...zeroGradientCases,
  ...differenceCases,
];
