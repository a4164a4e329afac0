import { randomNumbers, tolerance } from "@surprisal/conformance";
import type { Facts } from "@surprisal/core";
import { type Contender, type Errors, NEARLY_RIGHT, type Workload } from "../contender.ts";
import { exactRow } from "../loss-oracle.ts";

/** x [rows, inputs], w [inputs, classes], b [classes], and a label for each row. */
export interface LinearProblem {
  readonly rows: number;
  readonly inputs: number;
  readonly classes: number;
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly b: Float32Array;
  readonly labels: Int32Array;
  /** [rows, classes]: what a library without labels takes. */
  readonly oneHot: Float32Array;
  readonly exact: ExactLinear;
}

/** The mean loss, and its gradients with respect to x, w and b. */
export interface LinearAnswer {
  readonly loss: number;
  readonly dx: ArrayLike<number>;
  readonly dw: ArrayLike<number>;
  readonly db: ArrayLike<number>;
}

/** Of dx some rows and of dw some columns: all of both would take longer than all that is timed. */
interface ExactLinear {
  readonly loss: number;
  readonly db: Float64Array;
  readonly rows: readonly Sampled[];
  readonly columns: readonly Sampled[];
}

/** A row of dx or a column of dw, with the magnitudes of what went into it. */
interface Sampled {
  readonly index: number;
  readonly values: Float64Array;
  readonly terms: Float64Array;
}

const SAMPLED = 4;

/** The last layer of a language model with its loss. */
export function linearLoss(
  contenders: readonly Contender<LinearProblem, LinearAnswer>[],
): Workload<LinearProblem, LinearAnswer> {
  return {
    name: "linear layer and its loss",
    says: "Mean softmax cross-entropy of x·w + b for x [rows, inputs] and w [inputs, classes], named rows×inputs×classes, with the gradients by x, w and b. All of the loss, and rows and columns of the gradients, are compared with float64.",
    shapes: ["128x128x8192", "512x256x32768"],
    quick: ["128x128x8192"],
    problem: linearProblem,
    judge,
    work: ({ rows, inputs, classes }) => ({ unit: "GFLOP/s", perSecond: (6 * rows * inputs * classes) / 1e9 }),
    contenders,
  };
}

function linearProblem(shape: string): LinearProblem {
  const [rows, inputs, classes] = shape.split("x").map(Number) as [number, number, number];
  const random = randomNumbers("linear", shape);
  const numbers = (length: number, scale: number) => Float32Array.from({ length }, () => scale * random.normal());
  const x = numbers(rows * inputs, 1);
  const w = numbers(inputs * classes, 1 / Math.sqrt(inputs));
  const b = numbers(classes, 1);
  const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
  const oneHot = new Float32Array(rows * classes);
  for (const [r, label] of labels.entries()) oneHot[r * classes + label] = 1;
  const given = { rows, inputs, classes, x, w, b, labels, oneHot };
  return { ...given, exact: exactLinear(given) };
}

function exactLinear({ rows, inputs, classes, x, w, b, labels }: Omit<LinearProblem, "exact">): ExactLinear {
  const db = new Float64Array(classes);
  const sampled = (count: number, length: number): Sampled[] =>
    Array.from({ length: SAMPLED }, (_, i) => ({
      index: Math.floor(((i + 0.5) * count) / SAMPLED),
      values: new Float64Array(length),
      terms: new Float64Array(length),
    }));
  const [dxRows, dwColumns] = [sampled(rows, inputs), sampled(classes, inputs)];
  const logits = new Float64Array(classes);
  const g = new Float64Array(classes);
  let loss = 0;
  for (let r = 0; r < rows; r++) {
    logits.set(b);
    for (let i = 0; i < inputs; i++) {
      const factor = x[r * inputs + i]!;
      const start = i * classes;
      for (let j = 0; j < classes; j++) logits[j]! += factor * w[start + j]!;
    }
    loss += exactRow(logits, 0, classes, { label: labels[r]! }, 1 / rows, g).loss / rows;
    for (let j = 0; j < classes; j++) db[j]! += g[j]!;
    for (const { values, terms, index } of dxRows) {
      if (index !== r) continue;
      for (let i = 0; i < inputs; i++) {
        for (let j = 0; j < classes; j++) {
          const product = g[j]! * w[i * classes + j]!;
          values[i]! += product;
          terms[i]! += Math.abs(product);
        }
      }
    }
    for (const { values, terms, index } of dwColumns) {
      for (let i = 0; i < inputs; i++) {
        const product = x[r * inputs + i]! * g[index]!;
        values[i]! += product;
        terms[i]! += Math.abs(product);
      }
    }
  }
  return { loss, db, rows: dxRows, columns: dwColumns };
}

/** e^z is as wrong relatively as z is absolutely, and the logits here are products themselves: that many times a product's. */
const LOGITS_SIZE = 16;

function judge(
  { inputs, classes, exact }: LinearProblem,
  { loss, dx, dw, db }: LinearAnswer,
  precision: Facts["precision"] | undefined,
): Errors {
  const lossRelative = Math.abs(loss - exact.loss) / exact.loss;
  let scaled = 0;
  const note = (actual: number, expected: number, terms: number) => {
    const error = Math.abs(actual - expected) / terms;
    if (!(error <= scaled)) scaled = error;
  };
  for (let i = 0; i < inputs; i++) {
    for (const { index, values, terms } of exact.rows) note(dx[index * inputs + i]!, values[i]!, terms[i]!);
    for (const { index, values, terms } of exact.columns) note(dw[i * classes + index]!, values[i]!, terms[i]!);
  }
  const largest = exact.db.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let j = 0; j < classes; j++) note(db[j]!, exact.db[j]!, largest);
  const allowed = precision === undefined ? NEARLY_RIGHT : LOGITS_SIZE * tolerance(precision, "product").scaled;
  const fault =
    lossRelative <= allowed && scaled <= allowed
      ? undefined
      : `loss off by ${lossRelative}, a gradient by ${scaled} of its terms; allowed are ${allowed}`;
  return { measured: { "loss, relative": lossRelative, "gradients, of their terms": scaled }, fault };
}
