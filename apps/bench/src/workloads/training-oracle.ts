import {
  ADAM,
  BATCH,
  CLASSES,
  INPUTS,
  LEARNING_RATE,
  STEPS,
  type TrainingAnswer,
  type TrainingExamples,
  UNITS,
} from "./training-problem.ts";

type Matrix = Float64Array;

/** The loss of the first batch after an epoch, in float64: forward, backward and Adam written out for this one model. */
export function lossAfterEpoch({ pixels, labels, weights }: TrainingExamples): TrainingAnswer {
  const parameters = [weights.w1, weights.b1, weights.w2, weights.b2].map((data) => Float64Array.from(data));
  const moments = parameters.map(({ length }) => ({ m: new Float64Array(length), v: new Float64Array(length) }));
  const batch = (step: number) => ({
    x: Float64Array.from(pixels.subarray(step * BATCH * INPUTS, (step + 1) * BATCH * INPUTS)),
    y: labels.subarray(step * BATCH, (step + 1) * BATCH),
  });
  for (let step = 0; step < STEPS; step++) {
    const { x, y } = batch(step);
    const { gradients } = lossAndGradients(parameters, x, y);
    for (const [i, parameter] of parameters.entries()) adam(parameter, gradients[i]!, moments[i]!, step + 1);
  }
  const { x, y } = batch(0);
  return lossAndGradients(parameters, x, y).loss;
}

function adam(parameter: Matrix, gradient: Matrix, { m, v }: { m: Matrix; v: Matrix }, step: number): void {
  const { beta1, beta2, epsilon } = ADAM;
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const mean = m[i]! / (1 - beta1 ** step);
    const variance = v[i]! / (1 - beta2 ** step);
    parameter[i]! -= (LEARNING_RATE * mean) / (Math.sqrt(variance) + epsilon);
  }
}

function lossAndGradients(
  parameters: readonly Matrix[],
  x: Matrix,
  y: Int32Array,
): { loss: number; gradients: Matrix[] } {
  const [w1, b1, w2, b2] = parameters as [Matrix, Matrix, Matrix, Matrix];
  const hidden = affine(x, w1, b1, INPUTS, UNITS).map((value) => Math.max(0, value));
  const g = affine(hidden, w2, b2, UNITS, CLASSES);
  let loss = 0;
  for (const [r, label] of y.entries()) {
    const row = g.subarray(r * CLASSES, (r + 1) * CLASSES);
    const top = row.reduce((most, z) => Math.max(most, z), -Infinity);
    const sum = row.reduce((sum, z) => sum + Math.exp(z - top), 0);
    loss += (top + Math.log(sum) - row[label]!) / BATCH;
    for (let j = 0; j < CLASSES; j++) row[j] = (Math.exp(row[j]! - top) / sum - (j === label ? 1 : 0)) / BATCH;
  }
  const back = new Float64Array(BATCH * UNITS);
  for (let r = 0; r < BATCH; r++) {
    for (let u = 0; u < UNITS; u++) {
      if (hidden[r * UNITS + u] === 0) continue;
      let sum = 0;
      for (let j = 0; j < CLASSES; j++) sum += g[r * CLASSES + j]! * w2[u * CLASSES + j]!;
      back[r * UNITS + u] = sum;
    }
  }
  const gradients = [
    transposedProduct(x, back, INPUTS, UNITS),
    columnSums(back, UNITS),
    transposedProduct(hidden, g, UNITS, CLASSES),
    columnSums(g, CLASSES),
  ];
  return { loss, gradients };
}

/** x·w + b */
function affine(x: Matrix, w: Matrix, b: Matrix, inputs: number, units: number): Matrix {
  const y = new Float64Array(BATCH * units);
  for (let r = 0; r < BATCH; r++) {
    const row = y.subarray(r * units, (r + 1) * units);
    row.set(b);
    for (let i = 0; i < inputs; i++) {
      const factor = x[r * inputs + i]!;
      for (let u = 0; u < units; u++) row[u]! += factor * w[i * units + u]!;
    }
  }
  return y;
}

/** xᵀ·g */
function transposedProduct(x: Matrix, g: Matrix, inputs: number, units: number): Matrix {
  const w = new Float64Array(inputs * units);
  for (let r = 0; r < BATCH; r++) {
    for (let i = 0; i < inputs; i++) {
      const factor = x[r * inputs + i]!;
      for (let u = 0; u < units; u++) w[i * units + u]! += factor * g[r * units + u]!;
    }
  }
  return w;
}

function columnSums(g: Matrix, columns: number): Matrix {
  const sums = new Float64Array(columns);
  for (let i = 0; i < g.length; i++) sums[i % columns]! += g[i]!;
  return sums;
}
