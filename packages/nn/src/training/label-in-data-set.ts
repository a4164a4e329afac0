import { isSurprisalError, LabelError } from "@surprisal/core";

/** A label's error as one about the data set, not the batch: rows are shuffled. */
export function inDataSet(op: string, error: unknown, positions: Uint32Array): unknown {
  if (!isSurprisalError(error, "LABEL")) return error;
  const { row, label, classes } = error as LabelError;
  const position = positions[row];
  if (position === undefined) return error;
  return new LabelError(
    `${op}: label ${String(label)} of row ${position} of y is no whole number from 0 to ${classes - 1} (${classes} classes)`,
    position,
    label,
    classes,
  );
}
