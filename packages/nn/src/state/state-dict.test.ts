import { type Device, type Parameter, zeros } from "@surprisal/core";
import { expect, test } from "vitest";
import { expectRefused, openPlain } from "../../testing/claims.ts";
import { linear } from "../layers/dense.ts";
import { sequential } from "../layers/sequential.ts";
import { buildModel } from "../model/build-model.ts";
import { decodeSafetensors } from "./decode-safetensors.ts";
import { encodeSafetensors } from "./encode-safetensors.ts";
import { loadStateDict, stateDict } from "./state-dict.ts";

const byHand = (device: Device): { layers: { w: Parameter; b: Parameter }[]; scale: Parameter } => ({
  layers: [{ w: device.parameter([[1, 2]]), b: device.parameter([3]) }],
  scale: device.parameter([4]),
});

test("a model's parameters go into a file and come back bit by bit, also on another device", async () => {
  const layer = sequential([linear(3, 4), linear(4, 2)]);
  const saved = buildModel(await openPlain("f32"), layer, { seed: 1 });
  const loaded = buildModel(await openPlain("f32"), layer, { seed: 2 });
  const bytes = encodeSafetensors(await stateDict(saved.parameters));
  loadStateDict(loaded.parameters, decodeSafetensors(bytes).tensors);
  const state = await stateDict(loaded.parameters);
  expect(state).toEqual(await stateDict(saved.parameters));
  expect(Object.keys(state)).toEqual(["0.w", "0.b", "1.w", "1.b"]);
  expect(state["0.w"]!.data).toBeInstanceOf(Float32Array);
});

test("any structure of parameters has names, with a dot at each step down", async () => {
  const params = byHand(await openPlain());
  const state = await stateDict(params);
  expect(Object.entries(state).map(([name, { shape, data }]) => [name, shape, ...data])).toEqual([
    ["layers.0.w", [1, 2], 1, 2],
    ["layers.0.b", [1], 3],
    ["scale", [1], 4],
  ]);
  loadStateDict(params, { ...state, scale: { shape: [1], data: [9] } });
  expect(await params.scale.array()).toEqual([9]);
});

test("what does not fit is named, and nothing is written", async () => {
  const device = await openPlain();
  const params = byHand(device);
  const state = await stateDict(params);
  const { scale, ...rest } = state;
  await expectRefused(() => loadStateDict(params, rest), "VALUE", "missing scale", "another model");
  await expectRefused(
    () => loadStateDict(params, { ...rest, scales: scale! }),
    "VALUE",
    "missing scale; unexpected scales",
  );
  await expectRefused(
    () => loadStateDict(params, { ...state, "layers.0.w": zeros(1, 2), scale: zeros(2), "layers.0.b": zeros() }),
    "SHAPE",
    "layers.0.b is [1], saved []; scale is [1], saved [2]",
  );
  const wrong: [unknown, "VALUE" | "SHAPE", string][] = [
    [null, "VALUE", "scale is no saved tensor"],
    [{ shape: [1] }, "VALUE", "scale is no saved tensor"],
    [{ shape: [1], data: "1" }, "VALUE", "scale is no saved tensor"],
    [{ shape: [1], data: [1, 2] }, "SHAPE", "scale [1] holds 1 numbers, and 2 are given"],
    [{ shape: [1], data: ["1"] }, "VALUE", "scale holds 1 at 0, which is no number"],
    [{ shape: [1], data: new BigInt64Array(1) }, "VALUE", "scale"],
  ];
  const others = { ...state, "layers.0.w": { shape: [1, 2], data: [8, 9] } };
  for (const [value, code, word] of wrong) {
    await expectRefused(() => loadStateDict(params, { ...others, scale: value as never }), code, word);
  }
  await expectRefused(() => loadStateDict(params, null as never), "VALUE", "not null");
  expect(await stateDict(params)).toEqual(state);
  await expectRefused(() => stateDict({ x: device.tensor([1]) }), "VALUE", "device.parameter");
});
