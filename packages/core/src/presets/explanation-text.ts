import type { Explanation, RowAnswer, RowDifference, SettingDifference } from "./explanation.ts";
import type { Preset } from "./preset.ts";

const MOST_ROWS = 10;

/** An explanation in words. */
export function explanationText(data: Omit<Explanation, "text">, count: number): string {
  const { a, b, losses, errors, settings, rows } = data;
  const isAlike = rows.length === 0 && settings.every(({ changes }) => !changes);
  const batch = `this batch of ${count} ${count === 1 ? "row" : "rows"}`;
  const answer = (preset: Preset, loss: number | undefined, error: string | undefined): string =>
    loss === undefined ? `${preset.name} refuses it (${error})` : `${preset.name} has the mean ${digits(loss)}`;
  return [
    `${a.name} (${a.system}) and ${b.name} (${b.system}) ${isAlike ? "agree" : "differ"} on ${batch}: ${answer(a, losses.a, errors.a)}, ${answer(b, losses.b, errors.b)}.`,
    ...(settings.length === 0 ? [] : ["Settings:", ...settings.map((setting) => `- ${settingText(setting, data)}`)]),
    ...(rows.length === 0 ? [] : ["Rows:", ...rows.slice(0, MOST_ROWS).map((row) => `- ${rowText(row, a, b)}`)]),
    ...(rows.length > MOST_ROWS ? [`- and ${rows.length - MOST_ROWS} more`] : []),
  ].join("\n");
}

function settingText(
  { setting, a: own, b: other, changes, loss }: SettingDifference,
  { a, b, losses }: Omit<Explanation, "text">,
): string {
  const both = `${setting}: ${show(own)} (${a.name}), ${show(other)} (${b.name})`;
  if (setting === "reduction") return `${both}; means are compared here`;
  if (!changes) return `${both}; no difference on this batch`;
  if (loss !== undefined && loss === losses.a) return `${both}; the mean is the same, rows below are not`;
  const result = loss === undefined ? "refuses this batch" : `has the mean ${digits(loss)}`;
  return `${both}; with the latter ${a.name} ${result}`;
}

function rowText({ row, a: own, b: other }: RowDifference, a: Preset, b: Preset): string {
  if (own.label === other.label && own.loss === other.loss) {
    return `row ${row}: loss ${digits(own.loss!)} in both; gradient ${vector(own)} (${a.name}), ${vector(other)} (${b.name})`;
  }
  return `row ${row}: ${rowAnswer(own)} (${a.name}), ${rowAnswer(other)} (${b.name})`;
}

function rowAnswer({ label, loss }: RowAnswer): string {
  if (label === "refused") return "refused";
  if (label === "ignored") return "ignored, loss 0";
  return label === undefined ? `loss ${digits(loss!)}` : `class ${label}, loss ${digits(loss!)}`;
}

function vector({ gradient }: RowAnswer): string {
  const shown = gradient.slice(0, 8).map(digits);
  return `[${shown.join(", ")}${gradient.length > 8 ? ", …" : ""}]`;
}

function show(value: unknown): string {
  return value === undefined ? "none" : String(value);
}

function digits(value: number): string {
  return String(Number(value.toPrecision(6)));
}
