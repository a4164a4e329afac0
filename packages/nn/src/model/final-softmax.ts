import { logitsBehind, logSoftmax, softmax, type Tensor } from "@surprisal/core";

/** A model's logits, and how they become its output. */
export interface Ending {
  readonly logits: Tensor;
  readonly toOutput: (logits: Tensor) => Tensor;
}

/** What an output is made of: the logits behind it if it is a softmax over the last axis, however it came about. */
export function endingOf(output: Tensor): Ending {
  const behind = logitsBehind(output);
  if (behind === undefined || behind.axis !== output.rank - 1) return { logits: output, toOutput: (y) => y };
  return { logits: behind.logits, toOutput: behind.op === "softmax" ? softmax : logSoftmax };
}
