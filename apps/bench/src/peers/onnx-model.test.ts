import { expect, test } from "vitest";
import { onnxModel } from "./onnx-model.ts";

/** A message of protobuf's wire format as [field, content] pairs: whole numbers, or bytes. */
function fields(bytes: Uint8Array): [number, number | Uint8Array][] {
  const found: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    if ((key & 7) === 0) found.push([key >> 3, varint()]);
    else if ((key & 7) === 2) {
      const length = varint();
      found.push([key >> 3, bytes.subarray(at, at + length)]);
      at += length;
    } else throw new Error(`wire type ${key & 7}`);
  }
  return found;
}

const all = (bytes: number | Uint8Array | undefined, field: number) =>
  fields(bytes as Uint8Array)
    .filter(([id]) => id === field)
    .map(([, content]) => content);
const one = (bytes: number | Uint8Array | undefined, ...path: readonly number[]) =>
  path.reduce<number | Uint8Array | undefined>((inner, field) => all(inner, field)[0], bytes);
const text = (bytes: number | Uint8Array | undefined) => new TextDecoder().decode(bytes as Uint8Array);

test("a model has the fields that onnx.proto gives it", () => {
  const model = onnxModel({
    nodes: [{ op: "Gather", inputs: ["x", "i"], outputs: ["y"], attributes: { axis: -1, mode: "fast", axes: [0, 2] } }],
    inputs: [
      { name: "x", type: "float", shape: [300, 2] },
      { name: "i", type: "int64", shape: [] },
    ],
    outputs: [{ name: "y", type: "float", shape: [2] }],
    constants: [{ name: "c", shape: [2], values: Float32Array.of(1, -2) }],
  });
  expect(one(model, 1)).toBe(8); // ir_version
  expect(one(model, 8, 2)).toBe(17); // opset_import.version
  const graph = one(model, 7);
  const node = one(graph, 1);
  expect(all(node, 1).map(text)).toEqual(["x", "i"]);
  expect(all(node, 2).map(text)).toEqual(["y"]);
  expect(text(one(node, 4))).toBe("Gather");
  const [axis, mode, axes] = all(node, 5);
  // −1 in two's complement of 64 bits; INT is 2, STRING is 3, INTS is 7.
  expect([text(one(axis, 1)), one(axis, 3), one(axis, 20)]).toEqual(["axis", 2 ** 64 - 1, 2]);
  expect([text(one(mode, 1)), text(one(mode, 4)), one(mode, 20)]).toEqual(["mode", "fast", 3]);
  expect([text(one(axes, 1)), all(axes, 8), one(axes, 20)]).toEqual(["axes", [0, 2], 7]);
  const [x, i] = all(graph, 11);
  // type.tensor_type: elem_type, and the dim_value of each dim.
  expect([text(one(x, 1)), one(x, 2, 1, 1)]).toEqual(["x", 1]);
  expect(all(one(x, 2, 1, 2), 1).map((dim) => one(dim, 1))).toEqual([300, 2]);
  expect([one(i, 2, 1, 1), all(one(i, 2, 1, 2), 1)]).toEqual([7, []]);
  expect(all(graph, 12).map((output) => text(one(output, 1)))).toEqual(["y"]);
  const constant = one(graph, 5);
  expect([all(constant, 1), one(constant, 2), text(one(constant, 8))]).toEqual([[2], 1, "c"]);
  expect(new Float32Array(new Uint8Array(one(constant, 9) as Uint8Array).buffer)).toEqual(Float32Array.of(1, -2));
});
