import type { Case } from "../../case.ts";
import { type LossProblem, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import { betweenTwo } from "../../tolerance.ts";
import { caseGroup } from "../define.ts";
import { launch, verify } from "./launch.ts";
import { randomProblem, sizes } from "./random-problem.ts";

const { quick } = caseGroup("kernel/softmax-cross-entropy");

/** What holds whatever the values are (docs/semantics.md §6). */
export const lawCases: readonly Case[] = [
  ...[1e2, 1e3, 1e4, 1e5, 1e6].map((offset) =>
    quick(`law-shift-by-${offset}`, async (t) => {
      const random = t.random();
      const { rows, classes } = sizes.digits;
      // Eighths: shifting them is exact in float32, so nothing at all may change.
      const logits = t.generate(rows * classes, () => Math.round(random.normal() * 24) / 8);
      const problem: LossProblem = {
        rows,
        classes,
        logits,
        labels: Int32Array.from({ length: rows }, (_, r) => r % classes),
      };
      const { rowLoss, gradient } = softmaxCrossEntropy(problem);
      for (const sign of [1, -1]) {
        const shifted = { ...problem, logits: logits.map((z) => z + sign * offset) };
        t.check(
          shifted.logits.map((z) => z - sign * offset),
          logits,
          t.judge("exact"),
          "the shift itself",
        );
        const result = await launch(t, shifted, ["rowLoss", "gradient"]);
        t.check(result.rowLoss!, rowLoss, t.judge("loss"), "row loss");
        t.check(result.gradient!, gradient, t.judge("gradient"), "gradient");
      }
    }),
  ),
  quick("law-class-permutation", async (t) => {
    const { rows, classes } = sizes.digits;
    const problem = randomProblem(t, sizes.digits);
    const source = (j: number): number => (j * 7 + 3) % classes;
    const moved = t.generate(
      rows * classes,
      (d) => problem.logits[Math.floor(d / classes) * classes + source(d % classes)]!,
    );
    const labels = Int32Array.from(problem.labels!, (label) =>
      Array.from({ length: classes }, (_, j) => source(j)).indexOf(label),
    );
    const original = await launch(t, problem);
    const permuted = await launch(t, { ...problem, logits: moved, labels });
    const { rowLoss, gradient } = softmaxCrossEntropy(problem);
    t.check(permuted.rowLoss!, { ...rowLoss, values: original.rowLoss! }, betweenTwo(t.judge("loss")), "row loss");
    const back = Float64Array.from(original.gradient!, (_, d) => {
      const j = Array.from({ length: classes }, (__, i) => source(i)).indexOf(d % classes);
      return permuted.gradient![Math.floor(d / classes) * classes + j]!;
    });
    t.check(back, { ...gradient, values: original.gradient! }, betweenTwo(t.judge("gradient")), "gradient");
  }),
  quick("law-rows-do-not-know-each-other", async (t) => {
    // Any split into chunks of rows equals the whole.
    const { rows, classes } = sizes.digits;
    const problem = randomProblem(t, sizes.digits);
    const whole = await launch(t, problem, ["rowLoss", "gradient"]);
    const reference = softmaxCrossEntropy(problem);
    for (const [from, to] of [
      [0, 1],
      [1, rows],
    ] as const) {
      const part = await launch(
        t,
        {
          rows: to - from,
          classes,
          logits: Array.from(problem.logits).slice(from * classes, to * classes),
          labels: Array.from(problem.labels!).slice(from, to),
        },
        ["rowLoss", "gradient"],
      );
      const cut = (list: ArrayLike<number>, step: number): number[] => Array.from(list).slice(from * step, to * step);
      const loss = { values: cut(whole.rowLoss!, 1), scale: cut(reference.rowLoss.scale as ArrayLike<number>, 1) };
      const gradient = {
        values: cut(whole.gradient!, classes),
        scale: cut(reference.gradient.scale as ArrayLike<number>, classes),
      };
      t.check(part.rowLoss!, loss, betweenTwo(t.judge("loss")), "row loss");
      t.check(part.gradient!, gradient, betweenTwo(t.judge("gradient")), "gradient");
    }
  }),
  quick("law-ignored-rows-change-nothing", async (t) => {
    const problem = randomProblem(t, sizes.digits);
    const result = await launch(t, {
      ...problem,
      labels: Int32Array.from(problem.labels!, (label, r) => (r < 20 ? label : -1)),
    });
    const reference = softmaxCrossEntropy(problem);
    const live = { rows: 20, classes: 10 };
    const first = (list: ArrayLike<number>, length: number): number[] => Array.from(list).slice(0, length);
    t.check(first(result.rowLoss!, 20), { values: first(reference.rowLoss.values, 20) }, t.judge("loss"), "live rows");
    t.check(Array.from(result.rowLoss!).slice(20), new Float64Array(13), t.judge("exact"), "ignored rows");
    t.check(
      Array.from(result.gradient!).slice(live.rows * live.classes),
      new Float64Array(130),
      t.judge("exact"),
      "their gradient",
    );
  }),
  quick("law-gradient-sums-to-zero", async (t) => {
    for (const style of [sizes.digits, sizes.thousand, { ...sizes.digits, targets: "probabilities" }] as const) {
      const problem = randomProblem(t, style);
      const { gradient } = await launch(t, problem, ["gradient"]);
      const reference = softmaxCrossEntropy(problem);
      const { rows, classes } = problem;
      const values: number[] = [];
      const terms: number[] = [];
      for (let r = 0; r < rows; r++) {
        let [sum, size] = [0, 0];
        for (let j = 0; j < classes; j++) {
          sum += gradient![r * classes + j]!;
          size += Math.abs(reference.gradient.values[r * classes + j]!);
        }
        values.push(sum);
        terms.push(Math.max(1, size));
      }
      // Every summand may be wrong by its own tolerance; ulps are those of the terms.
      const judgement = { ...t.judge("soft gradient"), at: "terms" } as const;
      t.check(values, { values: new Float64Array(rows), scale: terms, terms }, betweenTwo(judgement), "Σ gradient");
    }
  }),
  quick("law-gradient-is-bounded", async (t) => {
    // ‖∂z‖₁ ≤ 2·u·S, and the loss of a one-hot row is never negative.
    for (const spread of [1e-3, 3, 60]) {
      const problem = randomProblem(t, { ...sizes.digits, spread });
      const { gradient, rowLoss } = await launch(t, problem, ["rowLoss", "gradient"]);
      for (let r = 0; r < problem.rows; r++) {
        t.expect(rowLoss![r]! >= 0, `row loss ${r} is ${rowLoss![r]}, and a one-hot row has none below 0`);
        let norm = 0;
        for (let j = 0; j < problem.classes; j++) norm += Math.abs(gradient![r * problem.classes + j]!);
        t.expect(norm <= 2 * (1 + 1e-5), `gradient of row ${r}: its 1-norm is ${norm}, above 2·u·S = 2`);
      }
    }
  }),
  quick("law-one-hot-probabilities-equal-labels", async (t) => {
    const problem = randomProblem(t, sizes.digits);
    const { rows, classes } = problem;
    const probabilities = t.generate(rows * classes, (d) =>
      problem.labels![Math.floor(d / classes)] === d % classes ? 1 : 0,
    );
    const dense = await launch(t, { ...problem, labels: undefined, probabilities }, ["rowLoss", "gradient"]);
    verify(t, { ...problem, labels: undefined, probabilities }, dense, softmaxCrossEntropy(problem));
  }),
];
