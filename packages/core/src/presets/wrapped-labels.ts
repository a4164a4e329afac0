import { type Integers, integers } from "../integers.ts";
import type { LossOptions } from "../loss/loss-options.ts";
import { nest } from "../nested-array.ts";

/** Labels with −C … −1 counted from the end, as Python's indices are; ignored ones stay as they are. */
export function wrappedLabels(
  op: string,
  labels: Integers,
  classes: number,
  ignoreIndex: LossOptions["ignoreIndex"],
): Integers {
  const { data, shape } = integers(op, "label", labels, classes);
  const ignored: readonly (number | undefined)[] = Array.isArray(ignoreIndex) ? ignoreIndex : [ignoreIndex as number];
  const wrapped = Float64Array.from(data, (label) =>
    label < 0 && label >= -classes && !ignored.includes(label) ? label + classes : label,
  );
  return nest(wrapped, shape) as Integers;
}
