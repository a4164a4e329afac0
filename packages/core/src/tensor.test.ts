import { describe, expect, it } from "vitest";
import { expectClose, expectRefused, numbers, openPlain, refusal, rejection } from "../testing/claims.ts";
import { add, full, mul, ones, reshape, sum, zeros } from "./index.ts";

describe("a tensor is made from", () => {
  it("a number, nested arrays, typed arrays and host tensors, row-major", async () => {
    const device = await openPlain();
    expect(device.tensor(3).shape).toEqual([]);
    expect(device.tensor([]).shape).toEqual([0]);
    expect(device.tensor([[], []]).shape).toEqual([2, 0]);
    expect(
      await device
        .tensor([
          [1, 2, 3],
          [4, 5, 6],
        ])
        .array(),
    ).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await device.tensor(new Int8Array([-1, 7]), [2, 1]).array()).toEqual([[-1], [7]]);
    expect(await device.tensor(new Uint8ClampedArray([300]), []).array()).toBe(255);
    expect(await device.tensor([1, 2, 3, 4], [2, 2]).array()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await device.tensor(full([2], 7)).array()).toEqual([7, 7]);
    expect(await device.tensor({ data: [[1], [2]], shape: [2] } as never).array()).toEqual([1, 2]);
    expect([zeros(2, 0).shape, ones().shape]).toEqual([[2, 0], []]);
  });

  it("its own numbers of a view, not those around it", async () => {
    const device = await openPlain();
    const buffer = Float64Array.of(9, 1, 2, 9).buffer;
    expect(await numbers(device.tensor(new Float64Array(buffer, 8, 2)))).toEqual([1, 2]);
    expect(await numbers(device.tensor(Float32Array.of(9, 3, 4, 9).subarray(1, 3)))).toEqual([3, 4]);
    expect(await numbers(device.tensor(new Int32Array(new SharedArrayBuffer(8))))).toEqual([0, 0]);
  });

  it("a copy: writing to the array afterwards changes nothing", async () => {
    const device = await openPlain();
    const values = Float64Array.of(1, 2);
    const x = device.tensor(values);
    values[0] = 9;
    const read = await x.data();
    read[1] = 9;
    expect(await numbers(x)).toEqual([1, 2]);
  });

  it("non-finite numbers and −0, which are numbers", async () => {
    const device = await openPlain();
    expect(await numbers(device.tensor([Number.NaN, -Infinity, -0]))).toEqual([Number.NaN, -Infinity, -0]);
  });
});

describe("a tensor is refused, before memory is taken, for", () => {
  const detached = (): Float32Array => {
    const values = new Float32Array(3);
    structuredClone(values.buffer, { transfer: [values.buffer] });
    return values;
  };
  it.each<[string, unknown, unknown, "SHAPE" | "VALUE" | "BACKEND", string[]]>([
    ["ragged rows", [[1, 2], [3]], undefined, "SHAPE", ["tensor: ragged arrays", "length 2", "length 1"]],
    ["a number among rows", [[1], 2], undefined, "SHAPE", ["length 1 at depth 1", "the number 2"]],
    ["a row among numbers", [1, [2]], undefined, "VALUE", ["tensor", "not an Array (at position 1)"]],
    ["a string", "12", undefined, "VALUE", ["tensor", 'the string "12"', "typed array"]],
    ["strings in an array", [1, "2"], undefined, "VALUE", ['the string "2" (at position 1)']],
    ["null", null, undefined, "VALUE", ["not null"]],
    ["holes", new Array(2), undefined, "VALUE", ["not undefined (at position 0)"]],
    ["BigInts", new BigInt64Array(2), undefined, "VALUE", ["not a BigInt64Array"]],
    ["a DataView", new DataView(new ArrayBuffer(8)), undefined, "VALUE", ["not a DataView"]],
    ["a bare buffer", new ArrayBuffer(8), undefined, "VALUE", ["not an ArrayBuffer"]],
    ["a detached buffer", detached(), undefined, "VALUE", ["tensor", "detached"]],
    ["too few numbers", [1, 2, 3], [2, 2], "SHAPE", ["[2, 2] holds 4 numbers", "3 were given"]],
    ["a NaN axis", [1], [Number.NaN], "SHAPE", ["tensor", "not NaN in [NaN]"]],
    ["a negative axis", [], [-1], "SHAPE", ["whole number ≥ 0, not -1"]],
    ["a fractional axis", [1], [1.5], "SHAPE", ["not 1.5"]],
    ["a string for an axis", [1], ["1"], "SHAPE", ["not 1 in [1]"]],
    ["2^53 elements", [1], [2 ** 30, 2 ** 30], "SHAPE", ["[1073741824, 1073741824]", "too many elements"]],
    ["an axis of 2^53", [1], [2 ** 53], "SHAPE", ["not 9007199254740992"]],
    ["a million ones", [1], new Array(1e6).fill(1), "SHAPE", ["at most 32 axes, not 1000000"]],
    ["a number for a shape", [1], 1, "VALUE", ["a shape is an array of whole numbers, not 1"]],
    ["null for a shape", [1], null, "VALUE", ["a shape is an array of whole numbers, not null"]],
  ])("%s", async (_, values, shape, code, words) => {
    const device = await openPlain();
    const { made } = device.memory();
    expectRefused(device, () => device.tensor(values as never, shape as never), code, words);
    expect(device.memory().made).toBe(made);
  });

  it("arrays nested beyond 32 axes", async () => {
    const device = await openPlain();
    let deep: unknown = 1;
    for (let i = 0; i < 40; i++) deep = [deep];
    expectRefused(device, () => device.tensor(deep as never), "SHAPE", ["deeper than 32 axes"]);
  });

  it("another tensor, naming `to`", async () => {
    const device = await openPlain();
    const x = device.tensor([1]);
    expectRefused(device, () => device.tensor(x as never), "VALUE", ["Tensor", "to("]);
  });

  it("host tensors too large for any array, by the name that was called", () => {
    expect(refusal(() => zeros(2 ** 40))).toMatchObject({ code: "SHAPE" });
    expect(refusal(() => zeros(Number.NaN)).message).toContain("zeros");
  });
});

describe("a disposed tensor", () => {
  it("is refused by every way to read or use it, and by a second dispose", async () => {
    const device = await openPlain();
    const x = device.tensor([[1, 2]]);
    x.dispose();
    const remedy = "keep it with scope.keep(tensor), or use it before its scope ends";
    const message = (op: string): string => `${op}: a tensor [1, 2] was used after it was disposed; ${remedy}`;
    expect(x.disposed).toBe(true);
    expect(String(x)).toBe("Tensor [1, 2] (disposed)");
    expect((await rejection(x.data())).message).toBe(message("data"));
    expect((await rejection(x.array())).message).toBe(message("array"));
    expect((await rejection(x.to(device))).message).toBe(message("to"));
    expect(refusal(() => mul(x, x)).message).toBe(message("mul"));
    expect(refusal(() => reshape(x, [2])).message).toBe(message("reshape"));
    expect(refusal(() => add(x, 1)).message).toBe(message("add"));
    expect(refusal(() => sum(x)).code).toBe("DISPOSED");
    expect(refusal(() => x.dispose()).message).toBe("dispose: the tensor [1, 2] was disposed before");
  });

  it("was captured by a read that came before", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const read = x.data();
    x.dispose();
    expect([...(await read)]).toEqual([1, 2]);
  });

  it("leaves a reshaped one its numbers", async () => {
    const device = await openPlain();
    const x = device.tensor([1, 2]);
    const y = reshape(x, [2, 1]);
    x.dispose();
    expect(await y.array()).toEqual([[1], [2]]);
    y.dispose();
    expect(device.memory().handles).toBe(0);
  });
});

describe("item", () => {
  it("reads one element of any rank, and names the shape of more", async () => {
    const device = await openPlain();
    expect(await device.tensor([[7]]).item()).toBe(7);
    expect((await rejection(device.tensor([[1, 2]]).item())).message).toBe(
      "item: [1, 2] has 2 elements, not one; reduce it, or read data()",
    );
  });
});

describe("two devices", () => {
  it("never meet in one op", async () => {
    const [here, there] = [await openPlain("f64"), await openPlain("f32")];
    const [x, far] = [here.tensor([1]), there.tensor([1])];
    expect(refusal(() => add(x, far)).message).toBe(
      "add: tensors of two devices (plain and plain); copy one with await tensor.to(device)",
    );
    const scope = here.scope();
    expectRefused(here, () => scope.valueAndGrad((y) => sum(y), far), "DEVICE", ["valueAndGrad", "two devices"]);
    expectRefused(here, () => scope.keep(far), "DEVICE", ["keep", "two devices"]);
  });

  it("exchange copies by `to`, rounded to the target's numbers, into a device or a scope", async () => {
    const [here, there] = [await openPlain("f64"), await openPlain("f32")];
    const x = here.tensor([[0.1], [2]]);
    const copy = await x.to(there);
    expect(await copy.array()).toEqual([[Math.fround(0.1)], [2]]);
    const scope = here.scope();
    const back = await copy.to(scope);
    scope.dispose();
    expect([back.disposed, copy.disposed, x.disposed]).toEqual([true, false, false]);
  });
});

describe("parameters", () => {
  it("print as such, and a float32 device rounds once", async () => {
    const device = await openPlain("f32");
    const w = device.parameter([0.1, 1]);
    expect([w.mutable, String(w), w.rank, w.size]).toEqual([true, "Parameter [2]", 1, 2]);
    await expectClose(w, [Math.fround(0.1), 1], 0);
  });
});
