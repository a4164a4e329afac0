import type { RowFate } from "./outcome.ts";
import type { Preset, PresetSetting } from "./preset.ts";

/** A setting that two presets have differently. */
export interface SettingDifference {
  readonly setting: PresetSetting;
  readonly a: Preset[PresetSetting];
  readonly b: Preset[PresetSetting];
  /** Whether that alone changes what the first answers on this batch: mean, rows, gradients or what is refused. */
  readonly changes: boolean;
  /** The mean of the first with the setting of the second; absent where it refuses the batch. */
  readonly loss: number | undefined;
}

/** What one preset makes of a row. */
export interface RowAnswer {
  /** The class it is taken for, or that it is skipped or refused; nothing with probabilities. */
  readonly label: RowFate;
  /** Absent where the row is refused. */
  readonly loss: number | undefined;
  /** By the logits of the row, before the reduction. */
  readonly gradient: readonly number[];
}

/** A row that two presets answer differently. */
export interface RowDifference {
  /** Its position, row-major. */
  readonly row: number;
  readonly a: RowAnswer;
  readonly b: RowAnswer;
}

/** Where two presets differ on a batch. */
export interface Explanation {
  readonly a: Preset;
  readonly b: Preset;
  /** The means of both; absent where a batch is refused. */
  readonly losses: { readonly a: number | undefined; readonly b: number | undefined };
  /** Why a batch is refused. */
  readonly errors: { readonly a: string | undefined; readonly b: string | undefined };
  readonly settings: readonly SettingDifference[];
  readonly rows: readonly RowDifference[];
  /** All of it, to read. */
  readonly text: string;
}
