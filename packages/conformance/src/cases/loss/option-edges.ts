import type { LossOptions } from "@surprisal/core";
import { type Case, strictNonFinite } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { edgeCases, settingOf } from "./semantics.ts";
import { reducedBy } from "./setting.ts";
import { checkGradient, checkLoss, reductions } from "./values.ts";

const { quick } = caseGroup("loss/semantics");

/** Options under which every row of the table of edge cases has the same kind of answer. */
const optionSets: Readonly<Record<string, LossOptions>> = {
  temperature: { temperature: 0.8 },
  softcap: { softcap: 8 },
  "z-loss": { zLoss: 0.125 },
  focal: { focal: 2 },
  "focal-below-1": { focal: 0.5 },
  poly: { poly: 0.5 },
  "every-term": { temperature: 2, softcap: 20, zLoss: 0.25, focal: 1, poly: 1 },
};

const takesOneLabel = ({ focal, poly }: LossOptions): boolean => focal !== undefined || poly !== undefined;

/** docs/semantics.md §4 under the further terms: what is NaN, infinite, ignored or exact stays so. */
export const optionEdgeCases: readonly Case[] = Object.entries(optionSets).flatMap(([name, options]) =>
  Object.entries(edgeCases)
    .filter(([, { probabilities }]) => probabilities === undefined || !takesOneLabel(options))
    .map(([edgeName, edge]) =>
      quick(
        `${edgeName}-with-${name}`,
        async (t) => {
          const setting = settingOf(t, { ...edge, options: { ...edge.options, ...options } });
          for (const reduction of reductions) {
            await checkLoss(t, reducedBy(setting, reduction));
            await checkGradient(t, reducedBy(setting, reduction));
          }
        },
        edge.nonFinite ? strictNonFinite : undefined,
      ),
    ),
);
