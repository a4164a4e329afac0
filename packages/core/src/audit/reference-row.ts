import type { Backend } from "../backend.ts";
import { arrived, type RowAnswer, type RowOutput, widthOf } from "./row-answer.ts";
import type { RowOfLoss } from "./row-of-loss.ts";

/** What the reference makes of a row, of the outputs that are wanted. */
export async function referenceRow(
  reference: Backend,
  row: RowOfLoss,
  wanted: readonly RowOutput[],
): Promise<RowAnswer> {
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
  const outputs: RowAnswer<unknown> = Object.fromEntries(
    wanted.map((name) => [name, handle("float", widthOf(name, classes))]),
  );
  const inputs = {
    logits: given("float", row.logits),
    ...(label !== undefined && { labels: given("i32", [label]) }),
    ...(probabilities && { probabilities: given("float", probabilities) }),
    ...(classWeights && { classWeights: given("float", classWeights) }),
    ...(rowScale !== undefined && { rowScale: given("float", [rowScale]) }),
  };
  const params = { rows: 1, classes, inner: 1, smoothing, scale, ...(terms && { terms }) };
  reference.kernels.softmaxCrossEntropy(outputs, inputs, params);
  const reads = Object.fromEntries(wanted.map((name) => [name, reference.read(outputs[name])]));
  for (const made of handles) reference.free(made);
  return arrived(reads);
}
