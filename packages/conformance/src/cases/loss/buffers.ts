import { type Facts, type LossOptions, type Scope, softmaxCrossEntropy, sum, type Tensor } from "@surprisal/core";
import type { Case, CaseContext } from "../../case.ts";
import { caseGroup } from "../define.ts";
import { inScope } from "../ops/op-case.ts";
import { type Combination, everyCombination, everyPair, inWords, styleOf } from "./every-combination.ts";
import { randomSetting } from "./setting.ts";

const { quick, full } = caseGroup("loss/buffers");

/** Enough classes that a buffer of the logits' size stands out from those of a row's. */
const [rows, classes] = [8, 64];

/** What a combination is applied to, on the device. */
interface Placed {
  readonly z: Tensor;
  readonly r: Tensor | undefined;
  readonly tau: Tensor | undefined;
  /** The loss as a function of them. */
  readonly loss: (z: Tensor, r: Tensor | undefined, tau: Tensor | undefined) => Tensor;
}

function placed(t: CaseContext, scope: Scope, combination: Combination): Placed {
  const { classWeights, axis } = combination;
  const weights = classWeights && Array.from({ length: classes }, (_, j) => 0.5 + (j % 4) / 4);
  const style = { ...styleOf(combination), batch: [rows], classes, ...(weights && { classWeights: weights }) };
  const { logits, labels, probabilities, options } = randomSetting(t, style);
  const shape = axis === 0 ? [classes, rows] : [rows, classes];
  const targets = labels ? { labels } : { probabilities: scope.tensor(Array.from(probabilities!), shape) };
  const { rowWeights, temperature, ...rest } = options;
  const isOnDevice = (name: "rowWeights" | "temperature"): boolean => combination[name] === "device";
  return {
    z: scope.tensor(Array.from(logits), shape),
    r: isOnDevice("rowWeights") ? scope.tensor(rowWeights as number[]) : undefined,
    tau: isOnDevice("temperature") ? scope.tensor(temperature as number) : undefined,
    loss: (z, r, tau) => {
      const given = { rowWeights: r ?? rowWeights, temperature: tau ?? temperature, axis };
      const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      return softmaxCrossEntropy(z, targets, { ...rest, ...present } as LossOptions);
    },
  };
}

/** How many buffers of the logits' size are alive at most while `run` works, beyond those before it. */
function logitsSized({ backend: { usage }, facts }: CaseContext, run: () => unknown): number {
  const before = usage.liveBytes;
  usage.peakBytes = before;
  run();
  return Math.floor((usage.peakBytes - before) / (rows * classes * facts.floatBytes));
}

/** The loss alone makes no buffer of the logits' size, and with its gradient by whatever is on the device one. */
async function counts(t: CaseContext, combinations: readonly Combination[]): Promise<void> {
  for (const combination of combinations) {
    if (combination.axis !== undefined && !t.facts.innerClass) continue;
    await inScope(t, (scope) => {
      const { z, r, tau, loss } = placed(t, scope, combination);
      const forward = logitsSized(t, () => loss(z, r, tau));
      t.expect(forward === 0, `the loss of ${inWords(combination)} made ${forward} buffers of the logits' size`);
      const all = { z, ...(r && { r }), ...(tau && { tau }) };
      const both = logitsSized(t, () =>
        scope.valueAndGrad((p: { z: Tensor; r?: Tensor; tau?: Tensor }) => sum(loss(p.z, p.r, p.tau)), all),
      );
      t.expect(both === 1, `loss and gradient of ${inWords(combination)} made ${both} such buffers, not one`);
    });
  }
}

/** Where the kernel takes all that core hands to it. */
function takesAll({ lossTerms, lossTemperature, lossMarks }: Facts): string | undefined {
  const missing = Object.entries({ lossTerms, lossTemperature, lossMarks }).find(([, fact]) => fact !== true);
  return missing && `${missing[0]} is not stated: core derives it`;
}

/** What a loss costs in memory, under every legal combination of options. */
export const bufferCases: readonly Case[] = [
  quick("every-pair-of-options", (t) => counts(t, everyPair()), takesAll),
  full("every-combination-of-options", (t) => counts(t, everyCombination()), takesAll),
];
