import { gpujs } from "@surprisal/backend-gpujs";
import { openDevice, softmaxCrossEntropy } from "@surprisal/core";

/** What is right for the loss of all rows, and how many elements of its gradient are not. */
export interface LargeLossOutcome {
  readonly loss: number;
  readonly expected: number;
  readonly wrong: number;
}

/**
 * The loss of more than 2^24 logits, where a float32 counts by twos. They are 0; of the last row every second class is out, so
 * that an index that is rounded meets the wrong ones. The label of each row is 1.
 */
async function largeLoss(mode: "webgl2" | "webgpu"): Promise<LargeLossOutcome> {
  const [rows, classes] = [130, 131_072];
  const last = (rows - 1) * classes;
  const logits = new Float32Array(rows * classes);
  for (let j = 0; j < classes; j += 2) logits[last + j] = -1000;
  const labels = new Int32Array(rows).fill(1);
  const device = await openDevice([gpujs({ mode })]);
  const params = { z: device.parameter(logits, [rows, classes]) };
  const { value, gradients } = device
    .scope()
    .valueAndGrad(({ z }) => softmaxCrossEntropy(z, { labels }, { reduction: "sum" }), params);
  const [loss, gradient] = [await value.item(), await gradients.z.data()];
  await device.close();

  const right = (i: number): number => {
    const j = i % classes;
    if (i >= last && j % 2 === 0) return 0;
    return (i >= last ? 2 : 1) / classes - (j === 1 ? 1 : 0);
  };
  let wrong = 0;
  for (let i = 0; i < gradient.length; i++) {
    const expected = right(i);
    if (!(Math.abs(gradient[i]! - expected) <= 1e-6 * Math.abs(expected))) wrong++;
  }
  return { loss, expected: (rows - 1) * Math.log(classes) + Math.log(classes / 2), wrong };
}

const mode = new URLSearchParams(location.search).get("mode") as "webgl2" | "webgpu";
Object.assign(globalThis, { outcome: largeLoss(mode) });
