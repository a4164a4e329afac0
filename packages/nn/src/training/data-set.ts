import { OptionError, ShapeError } from "@surprisal/core";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../model/build-model.ts";
import { type Examples, listedRows, packedRows, type Rows } from "./examples.ts";
import { type DataSetWeights, rowWeights } from "./sample-weights.ts";

/** Inputs with targets and, if rows differ in it, weights. */
export interface DataSet {
  readonly x: Rows<unknown>;
  readonly y: Rows;
  readonly weights: Float64Array | undefined;
}

/** Checks that inputs, targets and weights have as many rows as one another. */
export function dataSet(
  op: string,
  { layer, device }: Pick<Model<never>, "layer" | "device">,
  x: Examples,
  y: Examples,
  weights: DataSetWeights,
): DataSet {
  const inputs = inputRows(op, layer, x);
  const targets = packedRows(op, "y", y);
  if (inputs.count !== targets.count) {
    throw new ShapeError(`${op}: x has ${inputs.count} rows and y ${targets.count}; one target for each`);
  }
  return { x: inputs, y: targets, weights: rowWeights(op, targets, weights, device.facts.floatBytes) };
}

/** The rows that a model takes: flat numbers for tensors, or indices as they are. */
export function inputRows(op: string, layer: Layer<never>, x: Examples): Rows<unknown> {
  const rows = layer.input === "indices" ? listedRows(op, "x", x) : packedRows(op, "x", x);
  if (rows.count === 0) throw new ShapeError(`${op}: x has no rows`);
  return rows;
}

/**
 * Splits off the last part of a data set for validation, as Keras does, before anything is shuffled.
 * @throws OptionError unless both parts have rows
 */
export function splitAt(op: string, count: number, validationSplit: number): number {
  const at = Math.floor(count * (1 - validationSplit));
  if (validationSplit > 0 && validationSplit < 1 && at > 0 && at < count) return at;
  throw new OptionError(
    `${op}: validationSplit is a share of the ${count} rows that leaves some for both, not ${String(validationSplit)}`,
  );
}

/** The rows of a data set from a position on. */
export function lastRows({ x, y, weights }: DataSet, from: number): DataSet {
  const after = <T>({ count, take }: Rows<T>): Rows<T> => ({
    count: count - from,
    take: (positions) => take(positions.map((position) => position + from)),
  });
  return { x: after(x), y: after(y), weights: weights?.subarray(from) };
}
