/** What becomes of row losses: Σ r_i·ℓ_i, its mean, or the weighted rows; and the same for what comes back to them. */
import { filled, upload, withTemporaries } from "../ops/apply.ts";
import { div, mul } from "../ops/arithmetic.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { broadcastTo, total } from "../ops/sum.ts";
import type { Region, Tensor } from "../tensor.ts";
import type { LossProblem } from "./loss-problem.ts";

type Temporary = (tensor: Tensor) => Tensor;

/** The loss that losses of rows make: weighted and reduced. Frees `rows`, or returns them. */
export function lossOfRows(problem: LossProblem, rows: Tensor): Tensor {
  return reducedRows(problem, weightedRows(problem, rows));
}

/** r_i·ℓ_i. A host weight of 0 gives 0, whatever the row's loss is. Frees `rows`, or returns them. */
export function weightedRows(problem: LossProblem, rows: Tensor): Tensor {
  const { batch, rowWeights } = problem;
  if (rowWeights.host === undefined && rowWeights.device === undefined) return rows;
  return withTemporaries((temporary) => {
    temporary(rows);
    const weights = rowFactor(problem, rows.region, temporary)!;
    const hasZero = rowWeights.host?.includes(0) ?? false;
    const product = mul(rows, weights);
    return hasZero ? select(temporary(reshape(weights, batch)), temporary(product), 0) : product;
  });
}

/** r, of the batch's shape; nothing where there are no weights. That of an ignored row is 0. */
export function rowFactor(
  { op, batch, marks, rowWeights }: LossProblem,
  region: Region,
  temporary: Temporary,
): Tensor | undefined {
  const { host, device } = rowWeights;
  if (host !== undefined) return temporary(upload(op, region, host, batch));
  if (device === undefined) return undefined;
  const shaped = temporary(reshape(device, batch));
  if (marks === undefined) return shaped;
  const live = Float64Array.from(marks, (mark) => (mark < 0 ? 0 : 1));
  return temporary(select(temporary(upload(op, region, live, batch)), shaped, 0));
}

/** Σ r_i·w_{y_i}, the weight of rows whose own weights are on the device. */
export function deviceWeight(problem: LossProblem, region: Region, temporary: Temporary): Tensor {
  const { op, batch, labels, classWeights } = problem;
  const factor = rowFactor(problem, region, temporary)!;
  if (labels === undefined || classWeights === undefined) return total(op, factor);
  const weights = Float64Array.from(labels, (y) => (y < 0 ? 0 : classWeights[y]!));
  return total(op, temporary(mul(factor, temporary(upload(op, region, weights, batch)))));
}

/** 1/D, 0 for D = 0. */
function reciprocal(denominator: Tensor, temporary: Temporary): Tensor {
  const safe = temporary(select(denominator, denominator, 1));
  return select(denominator, temporary(div(1, safe)), 0);
}

/** The reduction of weighted rows, of the batch's shape. Frees them, or returns them. */
export function reducedRows(problem: LossProblem, weighted: Tensor): Tensor {
  const { op, batch, reduction, weight, scale } = problem;
  if (reduction === "none") return weighted;
  return withTemporaries((temporary) => {
    temporary(weighted);
    if (weight === 0) {
      // 0 whatever the rows hold: 0·NaN would not be.
      const nothing = temporary(filled(op, weighted.region, batch, 0));
      return total(op, temporary(select(nothing, weighted, 0)));
    }
    if (reduction === "sum" || weight !== undefined) return total(op, weighted, undefined, undefined, () => scale);
    const whole = temporary(total(op, weighted));
    const denominator = temporary(deviceWeight(problem, weighted.region, temporary));
    return mul(whole, temporary(reciprocal(denominator, temporary)));
  });
}

/**
 * The gradient that reaches a row from `upstream` through weights and denominator: a number for each row (or none, where all
 * have 1) times a number on the host.
 */
export function rowUpstream(
  problem: LossProblem,
  region: Region,
  upstream: Tensor | number,
  temporary: Temporary,
): { readonly u: Tensor | undefined; readonly scale: number } {
  const { batch, reduction, weight, scale } = problem;
  const factors: Tensor[] = [];
  const weights = rowFactor(problem, region, temporary);
  if (weights !== undefined) factors.push(weights);
  if (typeof upstream !== "number") factors.push(upstream);
  if (reduction === "mean" && weight === undefined) {
    factors.push(temporary(reciprocal(temporary(deviceWeight(problem, region, temporary)), temporary)));
  }
  const product = factors.reduce<Tensor | undefined>((a, b) => (a === undefined ? b : temporary(mul(a, b))), undefined);
  return {
    u: product && temporary(broadcastTo(product, batch)),
    scale: typeof upstream === "number" ? scale * upstream : scale,
  };
}
