import { type Case, type CaseContext, strictNonFinite } from "../../case.ts";
import type { RandomNumbers } from "../../random-numbers.ts";
import { caseGroup } from "../define.ts";
import { eighths, type LossSetting, type LossStyle, randomSetting } from "./setting.ts";
import { checkGradient, checkLoss } from "./values.ts";

const { quick } = caseGroup("loss/random");

/** A legal style, drawn: each option is there half the time. */
export function randomStyle(random: RandomNumbers): LossStyle {
  const draw = <T>(style: T): T | object => (random.integer(2) === 0 ? style : {});
  const isSoft = random.integer(3) === 0;
  const isSmoothed = random.integer(3) === 0;
  const batches = [[], [1], [6], [2, 3]];
  const reduction = (["mean", "sum", "none"] as const)[random.integer(3)]!;
  return {
    targets: isSoft ? "probabilities" : "labels",
    batch: batches[random.integer(batches.length)]!,
    spread: [0.01, 2, 40][random.integer(3)]!,
    reduction,
    ...draw({ classWeights: eighths(5) }),
    ...draw({ isRowWeighted: true }),
    ...draw({ zLoss: random.uniform() }),
    ...draw({ temperature: 0.25 + 2 * random.uniform() }),
    ...draw({ softcap: 1 + 30 * random.uniform() }),
    ...(isSmoothed ? { labelSmoothing: random.uniform() } : {}),
    ...(isSoft ? {} : draw({ ignoreIndex: [-1, 2] })),
    ...(isSoft || isSmoothed
      ? {}
      : { ...draw({ focal: 3 * random.uniform() }), ...draw({ poly: 2 * random.uniform() - 1 }) }),
    ...(reduction === "mean" ? draw({ denominator: (["rows", "batch", 3] as const)[random.integer(3)]! }) : {}),
  } as LossStyle;
}

/** Values that a row may hold and few rows do. */
const finiteHostileValues = [0, -0, 1e4, -1e4, 88.5, 1e-30];
const hostileValues = [...finiteHostileValues, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN];

/** Cases with values that are not finite need `strictNonFinite`; so the others ask every device the same question. */
export type Hostility = "finite" | "not finite";

/** Some of the logits replaced. */
export function withHostileValues(random: RandomNumbers, logits: ArrayLike<number>, hostility: Hostility): number[] {
  const values = hostility === "finite" ? finiteHostileValues : hostileValues;
  return Array.from(logits, (z) => (random.integer(12) === 0 ? values[random.integer(values.length)]! : z));
}

async function checkSetting(t: CaseContext, setting: LossSetting): Promise<void> {
  await checkLoss(t, setting);
  await checkGradient(t, setting);
}

async function checkHostile(t: CaseContext, drawn: LossSetting, random: RandomNumbers, hostility: Hostility) {
  await checkSetting(t, { ...drawn, logits: withHostileValues(random, drawn.logits, hostility) });
}

const ROUNDS = 4;

/** Losses drawn from all that is legal, against the oracle: values and gradients. */
export const randomLossCases: readonly Case[] = Array.from({ length: 24 }, (_, i) => [
  quick(`drawn-${i}`, async (t) => {
    const random = t.random("style");
    for (let round = 0; round < ROUNDS; round++) {
      const setting = randomSetting(t, randomStyle(random), random);
      await checkSetting(t, setting);
      await checkHostile(t, setting, random, "finite");
    }
  }),
  quick(
    `not-finite-${i}`,
    async (t) => {
      const random = t.random("style");
      for (let round = 0; round < ROUNDS; round++) {
        await checkHostile(t, randomSetting(t, randomStyle(random), random), random, "not finite");
      }
    },
    strictNonFinite,
  ),
]).flat();
