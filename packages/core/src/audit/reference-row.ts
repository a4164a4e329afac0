import type { Backend } from "../backend.ts";
import type { RowOfLoss } from "./row-of-loss.ts";

/** A row's loss, not scaled, and its gradient. */
export interface ReferenceRow {
  readonly loss: number;
  readonly gradient: ArrayLike<number>;
}

/** What the reference makes of a row. */
export async function referenceRow(reference: Backend, row: RowOfLoss): Promise<ReferenceRow> {
  const classes = row.logits.length;
  const handles: unknown[] = [];
  const handle = (kind: "float" | "i32", length: number): unknown => {
    const made = reference.alloc(kind, length);
    handles.push(made);
    return made;
  };
  const given = (kind: "float" | "i32", data: ArrayLike<number>): unknown => {
    const made = handle(kind, data.length);
    reference.write(made, data);
    return made;
  };
  const { label, probabilities, classWeights, rowScale, smoothing, scale, terms } = row;
  const [rowLoss, gradient] = [handle("float", 1), handle("float", classes)];
  const inputs = {
    logits: given("float", row.logits),
    ...(label !== undefined && { labels: given("i32", [label]) }),
    ...(probabilities && { probabilities: given("float", probabilities) }),
    ...(classWeights && { classWeights: given("float", classWeights) }),
    ...(rowScale !== undefined && { rowScale: given("float", [rowScale]) }),
  };
  const params = { rows: 1, classes, inner: 1, smoothing, scale, ...(terms && { terms }) };
  reference.kernels.softmaxCrossEntropy({ rowLoss, gradient }, inputs, params);
  const reads = Promise.all([reference.read(rowLoss), reference.read(gradient)]);
  for (const made of handles) reference.free(made);
  const [loss, slopes] = await reads;
  return { loss: loss[0]!, gradient: slopes };
}
