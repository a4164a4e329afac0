import type { Case } from "./case.ts";
import { binaryCases } from "./cases/binary.ts";
import { fusionCases } from "./cases/fusions.ts";
import { gemmCases } from "./cases/gemm.ts";
import { lossPartCases } from "./cases/loss/loss-cases.ts";
import { opAndGradientCases } from "./cases/ops/every-export.ts";
import { queueCases } from "./cases/queue.ts";
import { rearrangeCases } from "./cases/rearrange.ts";
import { reduceCases } from "./cases/reduce.ts";
import { aliasCases } from "./cases/softmax-cross-entropy/aliasing.ts";
import { confidentCases } from "./cases/softmax-cross-entropy/confident-rows.ts";
import { hostileCases } from "./cases/softmax-cross-entropy/hostile-rows.ts";
import { lawCases } from "./cases/softmax-cross-entropy/laws.ts";
import { markCases } from "./cases/softmax-cross-entropy/marks.ts";
import { temperatureCases } from "./cases/softmax-cross-entropy/temperature.ts";
import { termCases } from "./cases/softmax-cross-entropy/terms.ts";
import { valueCases } from "./cases/softmax-cross-entropy/values.ts";
import { tableRowCases } from "./cases/table-rows.ts";
import { unaryCases } from "./cases/unary.ts";

/** Rises whenever a case is added, changed or taken away: reports of one version compare. */
export const casesVersion = 3;

/** Every case, in the order in which they run: what others build on comes first. */
export const cases: readonly Case[] = [
  ...queueCases,
  ...rearrangeCases,
  ...unaryCases,
  ...binaryCases,
  ...reduceCases,
  ...gemmCases,
  ...tableRowCases,
  ...valueCases,
  ...aliasCases,
  ...hostileCases,
  ...confidentCases,
  ...lawCases,
  ...termCases,
  ...temperatureCases,
  ...markCases,
  ...fusionCases,
  ...opAndGradientCases,
  ...lossPartCases,
];
