import {
  add,
  argmax,
  equal,
  gather,
  greaterEqual,
  less,
  mul,
  OptionError,
  reshape,
  ShapeError,
  sub,
  sum,
  type Tensor,
} from "@surprisal/core";
import { checkCount } from "../layers/dense.ts";
import { type BatchTargets, checkedMeasure, type Measure } from "./measure.ts";

/** The share of rows whose likeliest class is the target's: class indices [rows], or the largest of [rows, classes]. */
export function accuracy(name = "accuracy"): Measure {
  return { name, on: "logits", rows: (y, targets) => equal(argmax(y), targetClasses(y, targets)) };
}

/**
 * The share of rows whose class is among the k likeliest; of equally likely ones the first come first
 * (`keras.metrics.SparseTopKCategoricalAccuracy`). Targets are class indices [rows].
 */
export function topKAccuracy(k = 5, name = `top_${k}_accuracy`): Measure {
  checkCount("topKAccuracy", "k", k);
  return {
    name,
    on: "logits",
    rows(y, targets) {
      const [rows, classes] = y.shape;
      if (y.rank !== 2 || targets.shape.length !== 1) {
        throw new ShapeError(
          `${name}: needs outputs [rows, classes] and class indices [rows], not [${y.shape.join(", ")}] and [${targets.shape.join(", ")}]`,
        );
      }
      const positions = targets.constant({ data: Array.from({ length: classes! }, (_, j) => j), shape: [classes!] });
      const own = Array.from(targets.labels, (label, row) => row * classes! + label);
      const label = reshape(gather(reshape(y, [y.size]), own), [rows!, 1]);
      const notBefore = greaterEqual(positions, reshape(targets.tensor(), [rows!, 1]));
      // What comes at or after the label: all that is below it, and equals from it on. With NaN in the way, less does.
      const notAhead = sum(add(less(y, label), mul(equal(y, label), notBefore)), -1);
      return less(sub(classes!, notAhead), k);
    },
  };
}

/** A metric by its name in Keras, or as a measure. */
export type Metric = MetricName | Measure;

export type MetricName = "accuracy" | "acc" | "top_k_categorical_accuracy";

/** The measure that a metric stands for. */
export function metricOf(metric: Metric): Measure {
  if (typeof metric === "object" && metric !== null) return checkedMeasure("compile", metric);
  if (metric === "accuracy" || metric === "acc") return accuracy(metric);
  if (metric === "top_k_categorical_accuracy") return topKAccuracy(5, metric);
  throw new OptionError(
    `compile: there is no metric "${String(metric)}"; there are accuracy, acc, top_k_categorical_accuracy, or { name, on, rows }`,
  );
}

function targetClasses(y: Tensor, { labels, tensor }: BatchTargets): Tensor {
  const rows = y.shape.slice(0, -1);
  const areIndices = labels.length === rows.reduce((product, axis) => product * axis, 1);
  return areIndices ? reshape(tensor(), rows) : argmax(tensor());
}
