import type { Case, CaseContext } from "../../case.ts";
import { type LossProblem, softmaxCrossEntropy } from "../../oracle/softmax-cross-entropy.ts";
import { caseGroup } from "../define.ts";
import { launch, verifyState } from "./launch.ts";
import { sizes } from "./random-problem.ts";

const { quick } = caseGroup("kernel/softmax-cross-entropy");

/**
 * Rows whose label leads by `margin`. Loss and label gradient are about (C − 1)·e^(−margin), and are judged relative
 * to themselves: a backend that rounds them to 0 fails.
 */
async function confident(
  t: CaseContext,
  margin: number,
  rows: number,
  classes: number,
  style: "labels" | "probabilities" | "in place",
): Promise<void> {
  const random = t.random();
  const labels = Int32Array.from({ length: rows }, (_, r) => (r * 7) % classes);
  const offsets = Array.from({ length: rows }, (_, r) => [0, 100, -3, 0.25][r % 4]!);
  const position = (d: number): readonly [number, number] => [Math.floor(d / classes), d % classes];
  const logits = t.generate(rows * classes, (d) => {
    const [r, j] = position(d);
    return offsets[r]! + (labels[r] === j ? margin : Math.floor(random.uniform() * 8) / 8);
  });
  const oneHot = t.generate(rows * classes, (d) => (labels[position(d)[0]] === position(d)[1] ? 1 : 0));
  const problem: LossProblem = {
    rows,
    classes,
    logits,
    ...(style === "probabilities" ? { probabilities: oneHot } : { labels }),
  };
  const handle = style === "in place" ? t.float(logits) : undefined;
  const result = await launch(
    t,
    problem,
    ["rowLoss", "gradient", "state"],
    handle && { logits: handle, gradient: handle },
  );

  const reference = softmaxCrossEntropy(problem);
  const growth = 1 + margin / 10;
  const relative = (values: ArrayLike<number>): { values: number[]; scale: number[] } => ({
    values: Array.from(values),
    scale: Array.from(values, (value) => Math.abs(value) * growth),
  });
  const atLabels = (list: ArrayLike<number>): number[] => Array.from(labels, (label, r) => list[r * classes + label]!);
  t.check(result.rowLoss!, relative(reference.rowLoss.values), t.judge("confident loss"), "row loss");
  t.check(
    atLabels(result.gradient!),
    relative(atLabels(reference.gradient.values)),
    t.judge("confident gradient"),
    "label gradient",
  );
  t.check(result.gradient!, relative(reference.gradient.values), t.judge("confident gradient"), "gradient");
  const { values, terms } = reference.state;
  const scale = Float64Array.from(values, (value) => Math.abs(value) * growth);
  verifyState(t, { ...reference, state: { values, terms, scale } }, result.state!, "confident state");
}

/** Losses down to 1e-38: no system that was measured gives them (TF, PyTorch, JAX, tfjs answer 0 from margin 17 on). */
export const confidentCases: readonly Case[] = [
  ...[5, 10, 17, 30, 50, 80, 87].flatMap((margin) => [
    quick(`confident-${margin}`, async (t) => {
      await confident(t, margin, sizes.tiny.rows, sizes.tiny.classes, "labels");
      await confident(t, margin, sizes.pair.rows, sizes.pair.classes, "labels");
      await confident(t, margin, sizes.digits.rows, sizes.digits.classes, "labels");
    }),
    quick(`confident-${margin}-probabilities`, (t) =>
      confident(t, margin, sizes.digits.rows, sizes.digits.classes, "probabilities"),
    ),
  ]),
  ...[17, 50].flatMap((margin) => [
    quick(`confident-${margin}-a-thousand-classes`, (t) =>
      confident(t, margin, sizes.thousand.rows, sizes.thousand.classes, "labels"),
    ),
    quick(`confident-${margin}-over-a-block`, (t) =>
      confident(t, margin, sizes.overOneBlock.rows, sizes.overOneBlock.classes, "labels"),
    ),
    quick(`confident-${margin}-in-place`, (t) =>
      confident(t, margin, sizes.digits.rows, sizes.digits.classes, "in place"),
    ),
  ]),
];
