/** Row states and diagnostics by ops: for backends without the facts, and always as constants. */
import { apply, upload, uploadIntegers, withTemporaries } from "../ops/apply.ts";
import { add, affine, mul, neg, sub } from "../ops/arithmetic.ts";
import { equal, greater, less } from "../ops/compare.ts";
import { argmax, max } from "../ops/extremes.ts";
import { reshape } from "../ops/reshape.ts";
import { select } from "../ops/select.ts";
import { concat, slice } from "../ops/slice.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import { sum } from "../ops/sum.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { classesLast, innerOf } from "./class-axis.ts";
import { liveMask, pointOf, tensorsAt } from "./loss-on-device.ts";
import type { LossProblem } from "./loss-problem.ts";
import { scaledLogits } from "./scaled-logits.ts";
import { withoutGradient } from "./without-gradient.ts";

/** What a state depends on: no targets but the rows that are ignored. */
export type StateProblem = Pick<
  LossProblem,
  "op" | "batch" | "rows" | "classes" | "axis" | "marks" | "terms" | "temperature"
>;

/** (m, k, s') of z' in every row, [...batch, 3], by one kernel call; the identity for an ignored row. */
export function kernelState(problem: StateProblem, z: Tensor): Tensor {
  const { op, batch, rows, classes, axis, marks, terms } = problem;
  const params = { rows, classes, inner: innerOf(z.shape, axis), smoothing: 0, scale: 1, ...(terms && { terms }) };
  return withTemporaries((temporary) => {
    const ignoring = marks && temporary(uploadIntegers(op, z.region, marks));
    return apply({
      op,
      inputs: [z],
      shape: [...batch, 3],
      run: (state, [logits], kernels) =>
        kernels.softmaxCrossEntropy({ state }, { logits, labels: ignoring?.handle(op) }, params),
    });
  });
}

/** The same where the kernel does not know the terms: the state of z' less its shift, with the shift put back. */
export function derivedState(problem: StateProblem, logits: Tensor): Tensor {
  const { op, axis, batch, terms, temperature } = problem;
  return withoutGradient(op, temperature ? [logits, temperature] : [logits], (given, tau) => {
    const z = readable(problem, classesLast(given!, axis));
    const { scaled, shift } = terms === undefined ? { scaled: z, shift: undefined } : scaledLogits(z, terms, tau);
    const state = kernelState({ ...problem, axis: batch.length, terms: undefined }, scaled);
    const [m, k, rest] = columns(state, batch);
    const top = shift === undefined ? m! : add(m!, shift);
    // Rounding may have capped several to the same z', and the largest logit still is the largest.
    const first = select(less(k!, 0), k!, reshape(argmax(z), [...batch, 1]));
    return concat([top, first, rest!], -1);
  });
}

/** (rank, entropy, margin) of every row, [...batch, 3]; (−1, 0, 0) for an ignored row. */
export function derivedDiagnostics(problem: LossProblem, logits: Tensor, q: Tensor | undefined): Tensor {
  const { op, axis, batch, classes, terms, temperature } = problem;
  const column = [...batch, 1];
  const at = { z: logits, q, temperature };
  return withoutGradient(op, tensorsAt(at), (...inputs) => {
    const { z: given, q: targets, temperature: tau } = pointOf(inputs, at);
    const z = readable(problem, classesLast(given, axis));
    const positions = upload(
      op,
      z.region,
      Float64Array.from({ length: classes }, (_, j) => j),
      [classes],
    );
    const y = targets
      ? reshape(argmax(classesLast(targets, axis)), column)
      : upload(
          op,
          z.region,
          Float64Array.from(problem.labels!, (label) => Math.max(0, label)),
          column,
        );
    const isOwn = equal(positions, y);
    const own = overClasses(sum, select(isOwn, z, 0));
    const before = mul(equal(z, own), less(positions, y));
    const x = terms === undefined ? z : scaledLogits(z, terms, tau).scaled;
    const p = softmax(x);
    const entropy = neg(overClasses(sum, select(p, mul(p, logSoftmax(x)), 0)));
    // A row without a distribution has NaN for all three.
    const valid = affine(entropy, 0, 0);
    const rank = add(overClasses(sum, add(greater(z, own), before)), valid);
    const nearest = overClasses(max, select(isOwn, Number.NEGATIVE_INFINITY, x));
    const margin = add(sub(overClasses(sum, select(isOwn, x, 0)), nearest), valid);
    const whole = concat([rank, entropy, margin], -1);
    const live = liveMask(problem, z.region);
    return live === undefined ? whole : select(live, whole, upload(op, z.region, [-1, 0, 0], [3]));
  });
}

/** The three columns of states or diagnostics, [...batch, 1] each. */
export function columns(state: Tensor, batch: Shape): Tensor[] {
  const begin = batch.map(() => 0);
  return [0, 1, 2].map((i) => slice(state, [...begin, i], [...batch, 1]));
}

function readable(problem: StateProblem, z: Tensor): Tensor {
  const live = liveMask(problem, z.region);
  return live === undefined ? z : select(live, z, 0);
}

function overClasses(fold: typeof sum, x: Tensor): Tensor {
  return fold(x, -1, { keepDims: true });
}
