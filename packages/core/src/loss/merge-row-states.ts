import { ShapeError, ValueError } from "../errors.ts";
import { runtimeOf } from "../ops/apply.ts";
import { add, affine, exp, mul, sub } from "../ops/arithmetic.ts";
import { equal, less } from "../ops/compare.ts";
import { maximum } from "../ops/extremes.ts";
import { select } from "../ops/select.ts";
import { concat } from "../ops/slice.ts";
import { sameShape, show } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { columns } from "./derived-state.ts";
import { withoutGradient } from "./without-gradient.ts";

/**
 * The states of rows whose classes `a` and `b` share, [..., 3] each: with m_a ≥ m_b,
 *
 *   (m_a, k_a, s′_a + e^(m_b − m_a)·(1 + s′_b))
 *
 * Of equal m the lower k is kept, so that any order of merging finds the first of equal largest logits. The identity
 * (−∞, −1, 0), the state of no classes or of −∞ alone, changes nothing. Where a logit was NaN the result is
 * (NaN, −1, NaN), where one was +∞ it is (+∞, k, NaN). (Where a soft cap has rounded several logits to one z′, k is the first
 * of those.)
 *
 * Host arrays of three numbers a row give a Float64Array; tensors a tensor, without a gradient.
 */
export function mergeRowStates(a: Tensor, b: Tensor): Tensor;
export function mergeRowStates(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array;
export function mergeRowStates(a: Tensor | ArrayLike<number>, b: Tensor | ArrayLike<number>): Tensor | Float64Array {
  const op = "mergeRowStates";
  if (a instanceof Tensor && b instanceof Tensor) {
    runtimeOf(op, [a, b]);
    if (!sameShape(a.shape, b.shape) || a.shape.at(-1) !== 3) {
      throw new ShapeError(`${op}: ${show(a.shape)} and ${show(b.shape)} must be one shape, [..., 3]`);
    }
    return mergedTensors(op, a, b);
  }
  if (a instanceof Tensor || b instanceof Tensor) {
    throw new ValueError(
      `${op}: one state is a tensor and the other is on the host; read it, or make a tensor of the other`,
    );
  }
  if (a.length !== b.length || a.length % 3 !== 0) {
    throw new ShapeError(`${op}: ${a.length} and ${b.length} numbers must be as many, three a row`);
  }
  const merged = new Float64Array(a.length);
  for (let at = 0; at < a.length; at += 3) {
    merged.set(mergedRow([a[at]!, a[at + 1]!, a[at + 2]!], [b[at]!, b[at + 1]!, b[at + 2]!]), at);
  }
  return merged;
}

type RowState = readonly [m: number, k: number, rest: number];

function mergedRow(a: RowState, b: RowState): RowState {
  if (Number.isNaN(a[0]) || Number.isNaN(b[0])) return [Number.NaN, -1, Number.NaN];
  const bLeads = b[0] > a[0] || (b[0] === a[0] && b[1] < a[1]);
  const [high, low] = bLeads ? [b, a] : [a, b];
  if (low[0] === Number.NEGATIVE_INFINITY) return high;
  return [high[0], high[1], high[2] + Math.exp(low[0] - high[0]) * (1 + low[2])];
}

function mergedTensors(op: string, a: Tensor, b: Tensor): Tensor {
  return withoutGradient(op, [a, b], (x, y) => {
    const batch = x!.shape.slice(0, -1);
    const [[ma, ka, sa], [mb, kb, sb]] = [columns(x!, batch), columns(y!, batch)] as [Tensor[], Tensor[]];
    const isTie = mul(equal(ma!, mb!), less(kb!, ka!));
    const bLeads = add(less(ma!, mb!), isTie);
    const m = maximum(ma!, mb!);
    const low = select(bLeads, ma!, mb!);
    const k = select(equal(m, m), select(bLeads, kb!, ka!), -1);
    const share = mul(exp(sub(low, m)), affine(select(bLeads, sa!, sb!), 1, 1));
    const added = select(equal(low, Number.NEGATIVE_INFINITY), 0, share);
    return concat([m, k, add(select(bLeads, sb!, sa!), added)], -1);
  });
}
