import type { Device } from "../device.ts";
import { softmaxCrossEntropy } from "../loss/softmax-cross-entropy.ts";
import { relu } from "../ops/activations.ts";
import { matmul } from "../ops/matmul.ts";
import type { Scope } from "../scope.ts";
import type { WorkloadOp } from "./workload.ts";

/** A workload on one device: what is timed, run by run. */
export type Run = () => unknown;

/** Makes a workload ready on a backend; its operands are uploaded once, outside the time. */
export function prepared(ops: readonly WorkloadOp[], device: Device): Run {
  const steps = ops.map((op) => ({ times: op.times ?? 1, run: stepOf(op, device) }));
  return () => {
    for (const { times, run } of steps) {
      for (let i = 0; i < times; i++) {
        const scope = device.scope();
        run(scope);
        scope.dispose();
      }
    }
  };
}

function stepOf(item: WorkloadOp, device: Device): (scope: Scope) => void {
  if (item.op === "matmul") {
    const { m, k, n } = item;
    const [a, b] = [device.tensor(numbers(m * k), [m, k]), device.tensor(numbers(k * n), [k, n])];
    return (scope) => {
      matmul(scope.borrow(a), b);
    };
  }
  if (item.op === "elementwise") {
    const x = device.tensor(numbers(item.length));
    return (scope) => {
      relu(scope.borrow(x));
    };
  }
  const { rows, classes } = item;
  const logits = device.tensor(numbers(rows * classes), [rows, classes]);
  const labels = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % classes);
  return (scope) => {
    scope.valueAndGrad((z) => softmaxCrossEntropy(z, { labels }), logits);
  };
}

/** Numbers from −2 to 2, without a pattern that a device could profit from. */
function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 2654435761) % 4096) / 1024 - 2);
}
