import { OptionError } from "../errors.ts";
import { filled, withTemporaries } from "../ops/apply.ts";
import { reshape } from "../ops/reshape.ts";
import { total } from "../ops/sum.ts";
import { checkKeys } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import {
  checkedDiagnostics,
  checkedTopK,
  type DiagnosticName,
  type Diagnostics,
  diagnosticsOf,
  needsEveryLogit,
} from "./diagnostics.ts";
import { ROW_LOSS_OPTIONS, type RowLossOptions, type Targets } from "./loss-options.ts";
import { lossProblem } from "./loss-problem.ts";
import { placedLoss, regionOfLoss } from "./placed-loss.ts";
import { rowParts } from "./row-parts.ts";
import { deviceWeight, weightedRows } from "./weighted-rows.ts";

export interface CrossEntropyTermsOptions extends RowLossOptions {
  /** What `weight` counts (default `"weights"`); see `softmaxCrossEntropy`. */
  readonly denominator?: "weights" | "rows" | "batch";
  /** What else to tell of the rows: all, or a list. Costs nothing if absent. */
  readonly diagnostics?: boolean | readonly DiagnosticName[];
  /** k of the top-k count (default 5). */
  readonly topK?: number;
}

/** A loss in parts. `sum`, `weight` and the counts of the diagnostics add up over any split of the rows. */
export interface CrossEntropyTerms {
  /** Σ r_i·ℓ_i, a differentiable scalar. */
  readonly sum: Tensor;
  /** What a mean divides by, a scalar: mean = sum/weight. Differentiable where the row weights are a tensor. */
  readonly weight: Tensor;
  /** r_i·ℓ_i, differentiable, of the batch's shape. */
  readonly rows: Tensor;
  /** The row states (m, k, s') of the logits after temperature and cap, [...batch, 3]; see `mergeRowStates`. */
  readonly state: Tensor;
  /** What was asked for. */
  readonly diagnostics: Diagnostics;
}

/**
 * The softmax cross-entropy in one pass, in parts that add up: losses of micro-batches, shards or an evaluation set are
 * Σ sums / Σ weights, whatever the split.
 *
 * ```ts
 * const { sum, weight, diagnostics } = crossEntropyTerms(logits, { labels }, { diagnostics: ["correct"] });
 * ```
 *
 * @throws as `softmaxCrossEntropy`, before any kernel runs
 */
export function crossEntropyTerms(
  logits: Tensor,
  targets: Targets,
  options: CrossEntropyTermsOptions = {},
): CrossEntropyTerms {
  const op = "crossEntropyTerms";
  checkKeys(op, options, ["denominator", ...ROW_LOSS_OPTIONS, "diagnostics", "topK"]);
  const { diagnostics, topK, ...lossOptions } = options;
  if (typeof options.denominator === "number") {
    throw new OptionError(`${op}: a number as denominator does not add up; divide the sums by it`);
  }
  const problem = lossProblem(op, logits, targets, lossOptions);
  const wanted = checkedDiagnostics(op, diagnostics);
  const most = checkedTopK(op, topK);
  return withTemporaries((temporary) => {
    const placed = placedLoss(problem, logits, temporary);
    const outputs = { state: true, diagnostics: needsEveryLogit(wanted) };
    const found = rowParts(placed.problem, placed.at, outputs);
    temporary(found.rows);
    if (found.diagnostics !== undefined) temporary(found.diagnostics);
    const rows = weightedRows(problem, reshape(found.rows, problem.batch));
    const region = regionOfLoss(placed);
    return {
      sum: total(op, rows),
      weight:
        problem.weight === undefined
          ? deviceWeight(problem, region, temporary)
          : filled(op, region, [], problem.weight),
      rows,
      state: found.state!,
      diagnostics: diagnosticsOf(placed.problem, found, wanted, most),
    };
  });
}
