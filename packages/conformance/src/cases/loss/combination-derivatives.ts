import {
  add,
  gradCheck,
  type LossOptions,
  mul,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  type Tensor,
} from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { needsFloat64 } from "../gradients/differences.ts";
import { inScope } from "../ops/op-case.ts";
import { type Combination, everyCombination, everyPair, inWords, styleOf } from "./every-combination.ts";
import { randomSetting } from "./setting.ts";

const { quick, full } = caseGroup("loss/combination-derivatives");

const [rows, classes] = [3, 5];

/** What is differentiated, and how often. */
type Checked = readonly [name: string, op: typeof softmaxCrossEntropy, order: 1 | 2];

const lossOrders: readonly Checked[] = [
  ["derivative 1 of the loss", softmaxCrossEntropy, 1],
  ["derivative 2 of the loss", softmaxCrossEntropy, 2],
];

const allOrders: readonly Checked[] = [
  ...lossOrders,
  ["derivative 1 of the gradient op", softmaxCrossEntropyGradient, 1],
];

/**
 * Derivatives along one random direction of all that the combination is a function of: logits, probabilities, and row
 * weights and temperature on the device. Every mixed second derivative has a part in it.
 */
async function check(t: CaseContext, combination: Combination, checked: readonly Checked[]): Promise<void> {
  const { axis } = combination;
  const random = t.random("direction");
  const { logits, labels, probabilities, options } = randomSetting(t, {
    ...styleOf(combination),
    batch: [rows],
    spread: 1.5,
  });
  const { rowWeights, temperature, ...rest } = options;
  const shape = axis === 0 ? [classes, rows] : [rows, classes];
  // Transposed, what was a row of NaN is no row.
  const finite = Array.from(logits, (z) => (Number.isNaN(z) ? random.normal() : z));
  // Where weights sum to 0 a mean has no slope.
  const points = {
    z: { data: finite, shape },
    ...(probabilities && { q: { data: Array.from(probabilities), shape } }),
    ...(combination.rowWeights === "device" && {
      r: { data: (rowWeights as number[]).map((weight) => weight || 0.25), shape: [rows] },
    }),
    ...(combination.temperature === "device" && { tau: { data: [temperature as number], shape: [] } }),
  };
  await inScope(t, async (scope) => {
    const lines = Object.entries(points).map(([name, { data, shape: own }]) => {
      const direction = scope.tensor({ data: data.map(() => random.normal() / 4), shape: own });
      return [name, scope.tensor({ data, shape: own }), direction] as const;
    });
    const along =
      (of: typeof softmaxCrossEntropy) =>
      (s: Tensor): Tensor => {
        const at = Object.fromEntries(lines.map(([name, x, v]) => [name, add(x, mul(s, v))])) as Record<string, Tensor>;
        const given = { rowWeights: at.r ?? rowWeights, temperature: at.tau ?? temperature, axis };
        const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const targets = labels ? { labels } : { probabilities: at.q! };
        return of(at.z!, targets, { ...rest, ...present } as LossOptions);
      };
    for (const [name, op, order] of checked) {
      const { ok, worst, tolerance } = await gradCheck(along(op), scope.tensor(0), { order });
      t.expect(
        ok,
        `${name} of ${inWords(combination)}: ${worst.analytic}, and by differences ${worst.numeric}: off by ${worst.error} of scale, ${tolerance} is allowed`,
      );
    }
  });
}

/** All combinations would take too long for one case: by targets, what a mean divides by, and row weights. */
function groupOf({ targets, reduction, denominator, rowWeights }: Combination): string {
  const divided = reduction === "mean" ? `mean-by-${denominator ?? "weights"}` : reduction;
  return `${targets}-${divided}${rowWeights === undefined ? "" : `-row-weights-on-the-${rowWeights}`}`;
}

const groupNames: readonly string[] = ["labels", "probabilities"].flatMap((targets) =>
  ["mean-by-weights", "mean-by-rows", "mean-by-batch", "mean-by-2.5", "sum", "none"].flatMap((divided) =>
    ["", "-row-weights-on-the-host", "-row-weights-on-the-device"].map((weights) => `${targets}-${divided}${weights}`),
  ),
);

/** Every legal combination of options against differences in float64. */
export const combinationDerivativeCases: readonly Case[] = [
  quick(
    "every-pair-of-options",
    async (t) => {
      for (const combination of everyPair()) await check(t, combination, allOrders);
    },
    needsFloat64,
  ),
  quick("every-combination-is-in-a-case", (t) => {
    const missing = everyCombination().find((one) => !groupNames.includes(groupOf(one)));
    t.expect(missing === undefined, `no case has ${missing && groupOf(missing)}`);
  }),
  ...groupNames.map((name) =>
    full(
      `every-combination-of-${name}`,
      async (t) => {
        for (const combination of everyCombination())
          if (groupOf(combination) === name) await check(t, combination, lossOrders);
      },
      needsFloat64,
    ),
  ),
];
