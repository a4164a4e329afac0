import { OptionError } from "../errors.ts";
import type { LossOptions, Targets } from "../loss/loss-options.ts";
import { runtimeOf } from "../ops/apply.ts";
import { Region, type Tensor } from "../tensor.ts";
import type { Explanation, RowAnswer } from "./explanation.ts";
import { explanationText } from "./explanation-text.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { checkPreset, PRESET_SETTINGS, type Preset, type PresetSetting } from "./preset.ts";

/**
 * Where two systems differ on a batch of one's own: which settings, which of them matter here, and which rows, each with
 * both numbers. Means are compared, also of systems that leave the mean to their users.
 *
 * ```ts
 * const { text, settings, rows } = await explain(logits, { labels: [0, -100] }, torch, keras);
 * ```
 *
 * A label that one system refuses is a difference, not an error. Logits are [classes] or [rows, classes].
 */
export function explain(
  logits: Tensor,
  targets: Targets,
  a: Preset,
  b: Preset,
  options: Omit<LossOptions, "reduction"> = {},
): Promise<Explanation> {
  const op = "explain";
  runtimeOf(op, [logits]);
  checkPreset(op, a);
  checkPreset(op, b);
  if ("reduction" in options) throw new OptionError(`${op}: it compares means and rows; leave reduction out`);
  if (logits.rank > 2 && options.axis === undefined && a.classAxis !== b.classAxis) {
    throw new OptionError(`${op}: ${a.name} and ${b.name} have their classes on different axes; say which: { axis }`);
  }
  const region = new Region(logits.runtime, logits.region);
  try {
    const z = logits.alias(op, region);
    const answer = (preset: Preset): Promise<Outcome> => outcomeOf(op, region, z, targets, preset, options);
    const differing = PRESET_SETTINGS.filter((setting) => !Object.is(a[setting], b[setting]));
    const swapped = differing.map((setting) => answer({ ...a, [setting]: b[setting] }));
    return Promise.all([answer(a), answer(b), ...swapped]).then((outcomes) => explained(a, b, differing, outcomes));
  } finally {
    region.end();
  }
}

function explained(a: Preset, b: Preset, differing: PresetSetting[], [ofA, ofB, ...swapped]: Outcome[]): Explanation {
  const settings = differing.map((setting, i) => {
    const { loss } = swapped[i]!;
    const changes = setting === "reduction" || !isSame(ofA!, swapped[i]!);
    return { setting, a: a[setting], b: b[setting], changes, loss };
  });
  const rows = ofA!.fates.map((_, row) => ({ row, a: answerOf(ofA!, row), b: answerOf(ofB!, row) }));
  const data = {
    a,
    b,
    losses: { a: ofA!.loss, b: ofB!.loss },
    errors: { a: ofA!.error, b: ofB!.error },
    settings,
    rows: rows.filter((row) => !isSameAnswer(row.a, row.b)),
  };
  return { ...data, text: explanationText(data, rows.length) };
}

function answerOf({ fates, rows, gradients }: Outcome, row: number): RowAnswer {
  const label = fates[row];
  return { label, loss: label === "refused" ? undefined : rows[row]!, gradient: gradients[row]! };
}

function isSame(x: Outcome, y: Outcome): boolean {
  return isClose(x.loss, y.loss) && x.fates.every((_, row) => isSameAnswer(answerOf(x, row), answerOf(y, row)));
}

function isSameAnswer(x: RowAnswer, y: RowAnswer): boolean {
  return (
    x.label === y.label && isClose(x.loss, y.loss) && x.gradient.every((value, j) => isClose(value, y.gradient[j]!))
  );
}

/** Equal to what float32 can tell. */
function isClose(x: number | undefined, y: number | undefined): boolean {
  if (Object.is(x, y)) return true;
  return x !== undefined && y !== undefined && Math.abs(x - y) <= 1e-6 * Math.max(1, Math.abs(x), Math.abs(y));
}
