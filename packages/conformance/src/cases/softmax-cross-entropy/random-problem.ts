import type { CaseContext } from "../../case.ts";
import { noTerms, type Terms } from "../../oracle/scaled-logits.ts";
import type { LossProblem } from "../../oracle/softmax-cross-entropy.ts";

/** The sizes that the cases of the loss use. A backend that compiles for each shape compiles no more than these. */
export const sizes = {
  tiny: { rows: 4, classes: 3 },
  oneClass: { rows: 4, classes: 1 },
  pair: { rows: 60, classes: 2 },
  digits: { rows: 33, classes: 10 },
  manyRows: { rows: 600, classes: 10 },
  thousand: { rows: 60, classes: 1000 },
  overOneBlock: { rows: 3, classes: 5000 },
  vocabulary: { rows: 3, classes: 50_257 },
  largest: { rows: 2, classes: 131_072 },
} as const;

/** How to make up a problem. */
export interface ProblemStyle {
  readonly rows: number;
  readonly classes: number;
  readonly inner?: number;
  /** Standard deviation of the logits; 3 if absent. */
  readonly spread?: number;
  /** Added to all logits. */
  readonly offset?: number;
  readonly targets?: "labels" | "probabilities" | "none";
  readonly smoothing?: number;
  readonly scale?: number;
  readonly classWeights?: boolean;
  readonly rowScale?: boolean;
  /** Every row of so many is ignored, and holds NaN where the backend knows NaN; beside probabilities labels mark them. */
  readonly ignoreEvery?: number;
  /** None if absent; neutral where one is left out. */
  readonly terms?: Partial<Terms>;
}

/** A random problem of that style. */
export function randomProblem(t: CaseContext, style: ProblemStyle): LossProblem {
  const { rows, classes, inner = 1, spread = 3, offset = 0, targets = "labels" } = style;
  const random = t.random(`${rows} ${classes}`);
  const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
  const logits = t.generate(rows * classes, () => offset + spread * random.normal());
  const ignored = (r: number): boolean => style.ignoreEvery !== undefined && (r + 1) % style.ignoreEvery === 0;
  for (let r = 0; r < rows; r++) {
    if (!ignored(r)) continue;
    labels[r] = -1;
    const start = Math.floor(r / inner) * classes * inner + (r % inner);
    for (let j = 0; j < classes; j++) logits[start + j * inner] = t.facts.strictNonFinite ? Number.NaN : 77;
  }
  return {
    rows,
    classes,
    inner,
    logits,
    labels: targets === "labels" || (targets === "probabilities" && style.ignoreEvery) ? labels : undefined,
    probabilities: targets === "probabilities" ? distribution(t, style, random.uniform) : undefined,
    classWeights: style.classWeights
      ? t.generate(classes, (j) => (j % 4 === 3 ? 0 : 0.25 + random.uniform()))
      : undefined,
    rowScale: style.rowScale ? t.generate(rows, () => 0.5 + random.uniform()) : undefined,
    smoothing: style.smoothing ?? 0,
    scale: style.scale ?? 1,
    terms: style.terms && { ...noTerms, ...style.terms },
  };
}

/** Numbers ≥ 0 whose sum over the classes of a row is nearly 1, a third of them 0. */
function distribution(
  t: CaseContext,
  { rows, classes, inner = 1 }: ProblemStyle,
  uniform: () => number,
): ArrayLike<number> {
  const numbers = new Float64Array(rows * classes);
  for (let r = 0; r < rows; r++) {
    const start = Math.floor(r / inner) * classes * inner + (r % inner);
    let sum = 0;
    for (let j = 0; j < classes; j++) {
      const number = (r + j) % 3 === 0 && classes > 2 ? 0 : 0.01 + uniform();
      numbers[start + j * inner] = number;
      sum += number;
    }
    for (let j = 0; j < classes; j++) numbers[start + j * inner]! /= sum;
  }
  return t.numbers(numbers);
}
