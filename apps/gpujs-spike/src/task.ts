import { normals } from "./random.ts";

/** What is trained: a classifier of 16 features in 12 hidden units and 4 classes, on 8 batches in turn. */
export const [rows, features, hidden, classes] = [32, 16, 12, 4] as const;

export interface Loop {
  readonly steps: number;
  readonly optimizer: "sgd" | "adamw";
  /** Called after each step with the number of handles in use. */
  onStep?(step: number, handles: number): void;
}

/** Scheduled: the rate falls over the run, so it is a new number in every step. */
export const learningRate = (step: number, steps: number): number => 0.02 * (1 - (0.9 * step) / steps);

export const start = (): Record<"w1" | "b1" | "w2" | "b2", number[]> => ({
  w1: normals(51, features * hidden, 0.3),
  b1: new Array(hidden).fill(0),
  w2: normals(52, hidden * classes, 0.3),
  b2: new Array(classes).fill(0),
});

/** Labels that can be learned: the class whose column of a fixed matrix fits the row best. */
export function minibatch(step: number): { data: number[]; labels: number[] } {
  const data = normals(60 + (step % 8), rows * features);
  const teacher = normals(50, features * classes);
  const labels = Array.from({ length: rows }, (_, row) => {
    const x = data.slice(row * features, (row + 1) * features);
    const scores = Array.from({ length: classes }, (_, c) =>
      x.reduce((sum, value, f) => sum + value * teacher[f * classes + c]!, 0),
    );
    return scores.indexOf(Math.max(...scores));
  });
  return { data, labels };
}
