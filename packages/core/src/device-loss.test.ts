import { plain } from "@surprisal/backend-cpu/plain";
import { describe, expect, it } from "vitest";
import { altered, eachCall, never } from "../testing/broken.ts";
import { refusal, rejection } from "../testing/claims.ts";
import { dying } from "../testing/dying.ts";
import type { Backend } from "./backend.ts";
import { add, openDevice } from "./index.ts";

/** A plain device and how to lose it: reads wait until then, and reject afterwards. */
async function losable() {
  let isLost = false;
  let failInBackground: (error: Error) => void = () => {};
  let closed = 0;
  const heard: Error[] = [];
  const provider = altered("fragile", (backend, { onError }) => {
    failInBackground = onError;
    return {
      read: async (handle) => {
        if (isLost) throw new Error("GPUDevice.lost: destroyed");
        return backend.read(handle);
      },
      close: async () => {
        closed++;
      },
    };
  });
  const device = await openDevice([provider], { onError: (error) => heard.push(error) });
  const lose = (): void => {
    isLost = true;
  };
  return { device, lose, failInBackground: (error: Error) => failInBackground(error), heard, closed: () => closed };
}

describe("a lost device", () => {
  it("rejects the read that finds it, every one after it and every call, and resolves `lost` with the reason", async () => {
    const { device, lose, closed } = await losable();
    const x = device.tensor([1, 2]);
    expect(await x.array()).toEqual([1, 2]);
    lose();
    const error = await rejection(x.data());
    expect(error).toMatchObject({
      name: "DeviceLostError",
      code: "LOST",
      cause: new Error("GPUDevice.lost: destroyed"),
    });
    expect(error.message).toBe("data: the device fragile is lost: GPUDevice.lost: destroyed");
    expect(await device.lost).toMatchObject({ code: "LOST", cause: error.cause });
    expect((await rejection(x.item().catch(() => x.array()))).code).toBe("LOST");
    expect(
      (
        await rejection(
          device
            .tick()
            .then(() => device.tick())
            .then(() => device.tick()),
        )
      ).code,
    ).toBe("LOST");
    for (const call of [() => add(x, x), () => device.tensor([1]), () => device.parameter([1])]) {
      expect(refusal(call).code).toBe("LOST");
    }
    x.dispose();
    await device.close();
    expect(closed()).toBe(1);
  });

  it("is found by a failure in the background, without a read; and what waits is rejected though it has no answer", async () => {
    let failInBackground: (error: Error) => void = () => {};
    let reads = 0;
    const device = await openDevice([
      altered("silent", (_, { onError }) => {
        failInBackground = onError;
        // The second read is the question whether it is lost.
        return { read: () => (++reads === 2 ? Promise.reject(new Error("it was removed")) : never()) };
      }),
    ]);
    const waiting = rejection(device.tensor([1]).data());
    failInBackground(new Error("validation error"));
    expect((await waiting).message).toBe("data: the device silent is lost: it was removed");
    expect((await device.lost).message).toBe("the device silent is lost: it was removed");
    await device.close();
  });

  it("of which nobody was told rejects close", async () => {
    const { device, lose, failInBackground, heard } = await losable();
    lose();
    failInBackground(new Error("destroyed"));
    await device.lost;
    expect(heard).toEqual([new Error("destroyed")]);
    const error = await rejection(device.close());
    expect(error.message).toBe("close: the device fragile is lost: GPUDevice.lost: destroyed");
  });

  it("is told from one whose call failed: that poisons its own results alone", async () => {
    const device = await openDevice([
      altered("clumsy", (backend: Backend) => ({
        kernels: eachCall(backend, (kernel, run) => (outputs, inputs, params) => {
          if (kernel === "binary") throw new Error("no memory for the pipeline");
          run(outputs, inputs, params);
        }),
      })),
    ]);
    const x = device.tensor([1, 2]);
    expect(refusal(() => add(x, x)).code).toBe("BACKEND");
    await new Promise((done) => setTimeout(done, 5));
    expect(await x.array()).toEqual([1, 2]);
    await device.close();
  });

  it("that dies in a kernel at the call is found, and stays lost", async () => {
    const { provider } = dying("mortal", { at: 6 });
    const device = await openDevice([provider]);
    const x = device.tensor([1]);
    expect(() => {
      for (let i = 0; i < 10; i++) add(x, 1);
    }).toThrow("unary: mortal failed: the device was removed");
    expect((await device.lost).code).toBe("LOST");
    expect((await rejection(x.data())).code).toBe("LOST");
    await device.close();
  });

  it("that never answers again does not hold up a read that failed for longer than a second", async () => {
    let reads = 0;
    const device = await openDevice([
      altered("silent", () => ({ read: () => (++reads === 1 ? Promise.reject(new Error("timeout")) : never()) })),
    ]);
    const error = await rejection(device.tensor([1]).data());
    expect(error).toMatchObject({ code: "BACKEND", message: "data: silent failed: timeout" });
    await device.close();
  });
});

it("plain is never lost, and `lost` never rejects", async () => {
  const device = await openDevice([plain()]);
  const outcome = await Promise.race([device.lost, Promise.resolve("alive")]);
  expect(outcome).toBe("alive");
  await device.close();
});
