/** What can be known of a prediction before a kernel runs, and mistakes that this catches. */
import { ValueError } from "../errors.ts";
import { nameOf } from "../host-values.ts";
import { runtimeOf } from "../ops/apply.ts";
import { type LogitsBehind, logitsBehind } from "../ops/logits-behind.ts";
import { axisOf } from "../shape.ts";
import { Tensor } from "../tensor.ts";

/** Refuses a prediction that is no tensor. */
export function checkPrediction(op: string, what: string, prediction: unknown): asserts prediction is Tensor {
  if (!(prediction instanceof Tensor)) {
    throw new ValueError(`${op}: ${what} is a tensor, not ${nameOf(prediction)}; make one with device.tensor(values)`);
  }
  runtimeOf(op, [prediction]);
}

/** Refuses logits that are known to be the output of softmax: the commonest mistake with this loss. */
export function checkLogits(op: string, what: string, logits: unknown, remedy: string): asserts logits is Tensor {
  checkPrediction(op, what, logits);
  if (logitsBehind(logits)?.op !== "softmax") return;
  throw new ValueError(`${op}: ${what} is the output of softmax, and this loss applies softmax itself; ${remedy}`);
}

/** What a prediction was taken of along this axis, if that is known. */
export function behind(op: string, prediction: Tensor, axis: number): LogitsBehind | undefined {
  const source = logitsBehind(prediction);
  return source?.axis === axisOf(op, axis, prediction.rank) ? source : undefined;
}

/** Refuses arguments that are no record of named ones. */
export function checkNamed(op: string, named: unknown, example: string): void {
  if (typeof named === "object" && named !== null && !(named instanceof Tensor || Array.isArray(named))) return;
  throw new ValueError(`${op}: takes one record, ${op}(${example}), not ${nameOf(named)}`);
}
