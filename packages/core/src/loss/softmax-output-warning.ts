import { inDevelopment } from "../development.ts";
import type { Runtime } from "../runtime.ts";
import type { Tensor } from "../tensor.ts";

const looked = new WeakSet<Runtime>();

/**
 * In development, looks once a device at the logits of its first loss, and warns where they are what a softmax gives:
 * the commonest mistake with this loss, and one that still trains, badly. Costs one read; nothing waits for it.
 */
export function warnOfSoftmaxOutput(op: string, logits: Tensor, axis: number): void {
  const { runtime, size } = logits;
  const classes = logits.shape.at(-1)!;
  if (!inDevelopment || looked.has(runtime) || size === 0 || classes < 2 || axis !== logits.rank - 1) return;
  looked.add(runtime);
  runtime.read(op, logits.handle(op)).then(
    (data) => {
      if (!isSoftmaxOutput(data, classes)) return;
      console.warn(
        `surprisal: ${op}: every row of the logits lies in [0, 1] and sums to 1, as the output of softmax does. Pass what went into the softmax: the loss applies it itself.`,
      );
    },
    () => {}, // a failure is told to whoever reads the loss
  );
}

/** Whether every row lies in [0, 1] and sums to 1 within 1e-6. */
function isSoftmaxOutput(data: ArrayLike<number>, classes: number): boolean {
  for (let start = 0; start < data.length; start += classes) {
    let sum = 0;
    for (let i = start; i < start + classes; i++) {
      const value = data[i]!;
      if (!(value >= 0 && value <= 1)) return false;
      sum += value;
    }
    if (Math.abs(sum - 1) > 1e-6) return false;
  }
  return true;
}
