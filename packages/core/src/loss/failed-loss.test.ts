/** A loss that fails in the middle leaves nothing on the device, at whichever call of the backend it fails. */
import { expect, it } from "vitest";
import { altered, eachCall } from "../../testing/broken.ts";
import type { BackendProvider } from "../backend.ts";
import { nllLoss } from "../compat.ts";
import { grad, linearCrossEntropy, mul, openDevice, softmaxCrossEntropy, sum, type Tensor } from "../index.ts";

/** Plain that counts its allocations, writes and kernel calls, and fails at one of them. */
function counting(state: { calls: number; failsAt: number }): BackendProvider {
  const count = (): void => {
    if (++state.calls === state.failsAt) throw new Error("out of order");
  };
  return altered("counting", (backend) => ({
    alloc(kind, length) {
      count();
      return backend.alloc(kind, length);
    },
    write(handle, data) {
      count();
      backend.write(handle, data);
    },
    kernels: eachCall(backend, (_, run) => (outputs, inputs, params) => {
      count();
      run(outputs, inputs, params);
    }),
  }));
}

const labels = [1, 0];
const rowWeights = [2, 0];
const loss = (z: Tensor): Tensor => softmaxCrossEntropy(z, { labels }, { rowWeights });

it.each<[string, (z: Tensor) => Tensor]>([
  ["a mean of weighted rows", loss],
  ["weighted rows", (z) => softmaxCrossEntropy(z, { labels }, { rowWeights, reduction: "none" })],
  ["rows without any weight", (z) => softmaxCrossEntropy(z, { labels }, { rowWeights: [0, 0] })],
  ["class weights", (z) => softmaxCrossEntropy(z, { labels }, { labelSmoothing: 0.1, classWeights: [1, 2, 3] })],
  ["a linear layer", (z) => linearCrossEntropy(z, z, undefined, { labels }, { rowWeights, transposeW: true })],
  ["log-probabilities", (z) => nllLoss(z, labels, { weight: [1, 2, 3] })],
  ["a gradient", grad(loss)],
  ["a second derivative", grad((z: Tensor) => sum(mul(grad(loss)(z), z)))],
])("%s", async (_, compute) => {
  const state = { calls: 0, failsAt: 0 };
  const device = await openDevice([counting(state)]);
  const z = device.tensor([
    [1, 2, 3],
    [3, 1, 2],
  ]);
  state.calls = 0;
  compute(z).dispose();
  expect(device.memory().handles).toBe(1);
  const { calls } = state;
  for (let call = 1; call <= calls; call++) {
    Object.assign(state, { calls: 0, failsAt: call });
    expect(() => compute(z)).toThrow("out of order");
    expect(device.memory().handles, `after a failure of call ${call} of ${calls}`).toBe(1);
  }
  await device.close();
});
