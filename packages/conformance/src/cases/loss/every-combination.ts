import { type LossOptionName, type LossOptions, type LossSetting, legalCombinations } from "@surprisal/core";
import { eighths, type LossStyle } from "./setting.ts";

/** What can be said of each option, beside nothing; and of the targets. */
const choices = {
  targets: ["labels", "probabilities"],
  reduction: ["mean", "sum", "none"],
  denominator: [undefined, "rows", "batch", 2.5],
  labelSmoothing: [undefined, 0.1],
  classWeights: [undefined, "given"],
  ignoreIndex: [undefined, 1],
  rowWeights: [undefined, "host", "device"],
  zLoss: [undefined, 0.1],
  temperature: [undefined, 0.75, "device"],
  softcap: [undefined, 4],
  focal: [undefined, 2],
  poly: [undefined, 0.5],
  axis: [undefined, 0],
} as const;

type Choices = typeof choices;
type Name = keyof Choices;

/** A choice for every option. Weights of rows have zeros on the host, and may be on the device, as a temperature may. */
export type Combination = { readonly [K in Name]: Choices[K][number] };

const names = Object.keys(choices) as Name[];

/** Every combination that the table of legal combinations allows. */
export function everyCombination(): readonly Combination[] {
  const found: Combination[] = [];
  const extend = (begun: Partial<Combination>, i: number): void => {
    if (i === names.length) {
      found.push(begun as Combination);
      return;
    }
    for (const choice of choices[names[i]!]) {
      const next = { ...begun, [names[i]!]: choice };
      if (isLegal(next)) extend(next, i + 1);
    }
  };
  extend({}, 0);
  return found;
}

/** Whether the options that are given go with the settings that they make. */
function isLegal(combination: Partial<Combination>): boolean {
  const { targets, reduction, labelSmoothing, classWeights } = combination;
  const settings: (LossSetting | undefined)[] = [
    targets,
    reduction,
    labelSmoothing === undefined ? undefined : "smoothed",
    classWeights === undefined ? undefined : "weighted",
  ];
  return names.every(
    (name) =>
      name === "targets" ||
      combination[name] === undefined ||
      settings.every((setting) => setting === undefined || legalCombinations[name as LossOptionName][setting] === true),
  );
}

let pairs: readonly Combination[] | undefined;

/** So many of them that every pair of choices that goes together is in one. */
export function everyPair(): readonly Combination[] {
  pairs ??= coveringPairs();
  return pairs;
}

/** The next is always what has most new pairs. */
function coveringPairs(): readonly Combination[] {
  const all = everyCombination();
  const choicesOf = names.flatMap((name) => choices[name].map((choice) => `${name} ${choice}`));
  const numberOf = new Map(choicesOf.map((choice, i) => [choice, i]));
  const width = numberOf.size;
  const pairsOf = all.map((one) => {
    const own = names.map((name) => numberOf.get(`${name} ${one[name]}`)!);
    return own.flatMap((a, i) => own.slice(i + 1).map((b) => a * width + b));
  });
  const isMissing = new Uint8Array(width * width);
  for (const list of pairsOf) for (const pair of list) isMissing[pair] = 1;
  const chosen: Combination[] = [];
  for (;;) {
    let [best, most] = [0, 0];
    for (const [i, list] of pairsOf.entries()) {
      let fresh = 0;
      for (const pair of list) fresh += isMissing[pair]!;
      if (fresh > most) [best, most] = [i, fresh];
    }
    if (most === 0) return chosen;
    chosen.push(all[best]!);
    for (const pair of pairsOf[best]!) isMissing[pair] = 0;
  }
}

/** A combination as a style of settings: what may be on the device has its numbers on the host. */
export function styleOf({ classWeights, rowWeights, temperature, axis: _, ...rest }: Combination): LossStyle {
  const given = Object.fromEntries(Object.entries(rest).filter(([, choice]) => choice !== undefined)) as LossOptions;
  return {
    ...given,
    ...(classWeights !== undefined && { classWeights: eighths(5) }),
    ...(rowWeights !== undefined && { isRowWeighted: true }),
    ...(temperature !== undefined && { temperature: temperature === "device" ? 0.75 : temperature }),
  };
}

/** A combination in words, for errors. */
export function inWords(combination: Combination): string {
  return names
    .filter((name) => combination[name] !== undefined)
    .map((name) => `${name} ${combination[name]}`)
    .join(", ");
}
