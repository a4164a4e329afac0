/** A tensor of one value costs nothing until somebody reads it. */
import { plain } from "@surprisal/backend-cpu/plain";
import { expect, it } from "vitest";
import { numbers, refusal } from "../testing/claims.ts";
import type { Backend, BackendProvider } from "./backend.ts";
import {
  add,
  broadcastTo,
  type Device,
  openDevice,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  valueAndGrad,
} from "./index.ts";

/** Plain, with the names of the kernels that were called; `fill` fails while `isBroken`. */
function watched(): { provider: BackendProvider; called: string[]; state: { isBroken: boolean } } {
  const called: string[] = [];
  const state = { isBroken: false };
  const provider: BackendProvider = {
    name: "watched",
    async open(options) {
      const backend = (await plain({ precision: "f64" }).open(options)) as Backend;
      const kernels = Object.fromEntries(
        Object.entries(backend.kernels).map(([name, kernel]) => [
          name,
          (...call: unknown[]) => {
            called.push(name);
            if (name === "fill" && state.isBroken) throw new Error("out of order");
            (kernel as (...call: unknown[]) => void)(...call);
          },
        ]),
      );
      return { ...backend, kernels: kernels as unknown as Backend["kernels"] };
    },
  };
  return { provider, called, state };
}

/** The gradient of a parameter that the function does not depend on: zeros. */
function zeroGradient(device: Device): Tensor {
  const params = { x: device.tensor([1, 2]), unused: device.tensor([[3, 4, 5]]) };
  const { value, gradients } = valueAndGrad((p: typeof params) => sum(p.x))(params);
  for (const tensor of [...Object.values(params), value, gradients.x]) tensor.dispose();
  return gradients.unused;
}

it("a loss and its gradient take three kernel calls: none writes the seed", async () => {
  const { provider, called } = watched();
  const device = await openDevice([provider]);
  const z = device.tensor([
    [1, 2],
    [3, 4],
  ]);
  called.length = 0;
  valueAndGrad((x: Tensor) => softmaxCrossEntropy(x, { labels: [1, 0] }))(z);
  expect(called).toEqual(["softmaxCrossEntropy", "reduce", "unary"]);
  await device.close();
});

it("zeros have no memory before they are read, and are there when they are", async () => {
  const { provider, called } = watched();
  const device = await openDevice([provider]);
  const zeros = zeroGradient(device);
  expect(called).not.toContain("fill");
  expect(device.memory().handles).toBe(0);
  expect(await numbers(zeros)).toEqual([0, 0, 0]);
  expect(await numbers(add(zeros, 1))).toEqual([1, 1, 1]);
  expect(called.filter((name) => name === "fill")).toHaveLength(1);
  await device.close();
});

it("a tensor of one value that no handle can hold is refused when it is made", async () => {
  const device = await openDevice([plain()]);
  const { maxLength } = device.facts;
  const call = (): unknown => broadcastTo(zeroGradient(device), [maxLength, 3]);
  expect(refusal(call).message).toContain(
    `broadcastTo: a tensor of ${3 * maxLength} elements is larger than plain can`,
  );
  await device.close();
});

it("zeros that were never read are disposed without a trace", async () => {
  const device = await openDevice([watched().provider]);
  const before = device.memory();
  zeroGradient(device).dispose();
  expect(device.memory().handles).toBe(before.handles);
});

it("zeros that could not be written are no others' numbers, and are written when it can be done", async () => {
  const { provider, state } = watched();
  const device = await openDevice([provider]);
  const zeros = zeroGradient(device);
  state.isBroken = true;
  expect(refusal(() => sum(zeros)).code).toBe("BACKEND");
  expect(refusal(() => sum(zeros)).message).toContain("out of order");
  state.isBroken = false;
  expect(await numbers(zeros)).toEqual([0, 0, 0]);
  zeros.dispose();
  expect(device.memory().handles).toBe(0);
  await device.close();
});
