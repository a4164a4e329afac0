import { expect, test } from "vitest";
import { expectRefused } from "../../testing/claims.ts";
import { decodeSafetensors } from "./decode-safetensors.ts";
import { encodeSafetensors } from "./encode-safetensors.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16));

/** A file with a header as given, and so many bytes of numbers. */
const file = (header: string | object, data = 0, length?: bigint): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
};
const entry = (dtype: unknown, shape: unknown, offsets: unknown): object => ({ dtype, shape, data_offsets: offsets });

test("reads what Python's safetensors 0.8.0 writes", () => {
  // save({"w": float32 [[1.5, −2]], "none": float32 (0, 3), "n": int32 [9, −1]}, {"by": "python"})
  const python =
    "c8000000000000007b225f5f6d657461646174615f5f223a7b226279223a22707974686f6e227d2c226e6f6e65223a7b226474797065223a22463332222c227368617065223a5b302c335d2c22646174615f6f666673657473223a5b302c305d7d2c2277223a7b226474797065223a22463332222c227368617065223a5b312c325d2c22646174615f6f666673657473223a5b302c385d7d2c226e223a7b226474797065223a22493332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b382c31365d7d7d200000c03f000000c009000000ffffffff";
  expect(decodeSafetensors(bytesOf(python))).toEqual({
    tensors: {
      none: { shape: [0, 3], data: new Float32Array(0) },
      w: { shape: [1, 2], data: Float32Array.of(1.5, -2) },
      n: { shape: [2], data: Int32Array.of(9, -1) },
    },
    metadata: { by: "python" },
  });
});

test("writes the bytes that Python's safetensors 0.8.0 was seen to read", () => {
  const bytes = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(1.5) } }, { by: "us" });
  const header = '{"__metadata__":{"by":"us"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  expect([...bytes]).toEqual([
    padded.length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...new TextEncoder().encode(padded),
    0,
    0,
    0xc0,
    0x3f,
  ]);
});

test("reads a Buffer, Node's Uint8Array whose slices are views", () => {
  const tensors = { b: { shape: [1], data: Float32Array.of(1.5) }, w: { shape: [2], data: Float32Array.of(2, 3) } };
  expect(decodeSafetensors(Buffer.from(encodeSafetensors(tensors))).tensors).toEqual(tensors);
});

test("every format, shape and name comes back; the order they were given in changes nothing", () => {
  const tensors = {
    'ü"\n\\': { shape: [], data: Uint8Array.of(7) },
    empty: { shape: [0, 4], data: new Float32Array(0) },
    f64: { shape: [2], data: Float64Array.of(Math.PI, Number.NaN) },
    f32: { shape: [2, 1], data: Float32Array.of(-0, Number.POSITIVE_INFINITY) },
    i16: { shape: [3], data: Int16Array.of(-3, 0, 3) },
    i8: { shape: [1], data: Int8Array.of(-1) },
    u16: { shape: [1], data: Uint16Array.of(65535) },
    u32: { shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
    part: { shape: [2], data: new Float32Array(8).subarray(3, 5) },
  };
  const bytes = encodeSafetensors(tensors, { b: "1", a: "\u2028" });
  expect(decodeSafetensors(bytes)).toEqual({ tensors, metadata: { a: "\u2028", b: "1" } });
  const reversed = Object.fromEntries(Object.entries(tensors).reverse());
  expect(encodeSafetensors(reversed, { a: "\u2028", b: "1" })).toEqual(bytes);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(decodeSafetensors(shifted.subarray(3)).tensors).toEqual(tensors);
  expect(decodeSafetensors(encodeSafetensors({}))).toEqual({ tensors: {}, metadata: {} });
});

test.each<[string, Uint8Array, string]>([
  ["nothing", new Uint8Array(0), "0 bytes are too few"],
  ["seven bytes", new Uint8Array(7), "7 bytes are too few"],
  ["a header of no bytes", file(""), "does not begin with {"],
  ["a header of 7 of its bytes", file({ a: 1 }, 0, 7n), "decodeSafetensors"],
  ["a header of 2^63 bytes", file("{}", 0, 2n ** 63n), "9223372036854775808 bytes"],
  ["a header of 2^64 − 1 bytes", file("{}", 0, 2n ** 64n - 1n), "at most 100000000"],
  ["a header longer than the file", file("{}", 0, 3n), "truncated"],
  ["a header over 100 MB", file("{}", 0, 100_000_001n), "at most 100000000"],
  ["no JSON", file("{nope}"), 'expected "'],
  ["no object", file("[1]"), "does not begin with {"],
  ["a byte order mark", file("\ufeff{}"), "does not begin with {"],
  ["a space before", file(" {}"), "does not begin with {"],
  ["more behind", file("{} {}"), "more behind"],
  ["a null behind", file("{}\0"), "more behind"],
  ["bytes that are no UTF-8", bytesOf(`0300000000000000${"7bff7d"}`), "UTF-8"],
  [
    "a name twice",
    file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    '"a" stands there twice',
  ],
  ["a name twice, once in disguise", file('{"__metadata__":{"a":"","\\u0061":""}}'), '"a" stands there twice'],
  ["a field twice", file('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), '"dtype" stands'],
  ["a field that does not exist", file({ a: { ...entry("U8", [0], [0, 0]), x: 1 } }), 'a field "x"'],
  ["a field that is missing", file({ a: { dtype: "U8", shape: [0] } }), '"a" needs dtype, shape and data_offsets'],
  ["a million levels", file(`{"a":${"[".repeat(1e6)}`), "expected {"],
  ["a million objects", file('{"a":'.repeat(1e6)), 'a field "a"'],
  ["__proto__", file('{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), '"__proto__" is no name'],
  ["constructor", file({ constructor: entry("U8", [0], [0, 0]) }), '"constructor" is no name'],
  ["__proto__ in the metadata", file('{"__metadata__":{"__proto__":"x"}}'), '"__proto__" is no name'],
  ["metadata that are numbers", file({ __metadata__: { a: 1 } }), 'expected "'],
  ["metadata that are no object", file({ __metadata__: "a" }), "expected {"],
  ["a text that does not end", file('{"a'), "does not end"],
  ["a text that JSON does not know", file('{"a\\x":1}'), "JSON does not know"],
  ["a control character", file('{"a\n":1}'), "JSON does not know"],
  ["a negative offset", file({ a: entry("U8", [1], [-1, 0]) }), "whole number"],
  ["a fraction", file('{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', 1), "expected ]"],
  ["an exponent", file('{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', 1), "expected ]"],
  ["a leading zero", file('{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}', 1), "whole number"],
  ["2^53 + 1", file('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,1]}}', 1), "whole number"],
  ["65 axes", file({ a: entry("U8", new Array(65).fill(1), [0, 1]) }, 1), "more than 64"],
  ["offsets that are reversed", file({ a: entry("U8", [1], [1, 0]) }, 1), '"a" lies at [1, 0]'],
  ["offsets past the end", file({ a: entry("U8", [2], [0, 2]) }, 1), "outside the 1 bytes"],
  ["three offsets", file({ a: entry("U8", [1], [0, 1, 1]) }, 1), '"a" lies at'],
  ["a shape of other size", file({ a: entry("F32", [2], [0, 4]) }, 4), "takes 8 bytes, and the file has 4"],
  ["a shape that overflows", file({ a: entry("U8", [2 ** 32, 2 ** 32], [0, 0]) }), "18446744073709551616 bytes"],
  ["an unknown format", file({ a: entry("F8", [1], [0, 1]) }, 1), '"a" holds F8, which is not read'],
  ["a format's name that objects have", file({ a: entry("toString", [1], [0, 1]) }, 1), "toString, which"],
  ["an overlap", file({ a: entry("U8", [2], [0, 2]), b: entry("U8", [2], [1, 3]) }, 3), '"b" begins at byte 1'],
  [
    "the same bytes twice",
    file({ a: entry("U8", [2], [0, 2]), b: entry("U8", [2], [0, 2]) }, 2),
    '"b" begins at byte 0',
  ],
  ["a hole", file({ a: entry("U8", [1], [0, 1]), b: entry("U8", [1], [2, 3]) }, 3), '"b" begins at byte 2'],
  ["a hole before the first", file({ a: entry("U8", [1], [1, 2]) }, 2), '"a" begins at byte 1'],
  ["bytes that nobody has", file({ a: entry("U8", [1], [0, 1]) }, 2), "take 1 bytes, and the file has 2"],
])("refuses %s", async (_, bytes, words) => {
  await expectRefused(() => decodeSafetensors(bytes), "VALUE", "decodeSafetensors: ", words);
  expect(Object.prototype).not.toHaveProperty("dtype");
});

test("a file that is cut anywhere is refused, and one with a flipped bit is refused or read, never a crash", () => {
  const whole = encodeSafetensors({ w: { shape: [2], data: Float32Array.of(1, 2) } }, { a: "b" });
  const refusal = (bytes: Uint8Array): unknown => {
    try {
      const { tensors } = decodeSafetensors(bytes);
      // What is left of a shape after a flip still fits the data.
      return Object.values(tensors).every(({ shape, data }) => data.length === shape.reduce((a, b) => a * b, 1));
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  for (let length = 0; length < whole.length; length++) expect(refusal(whole.subarray(0, length))).toBe("VALUE");
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = whole.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect([true, "VALUE"]).toContain(refusal(flipped));
  }
});

test("what the format has no place for is not written", async () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  await expectRefused(() => encodeSafetensors({ w: { ...one, shape: [2] } }), "SHAPE", '"w" [2] has 2 numbers');
  await expectRefused(() => encodeSafetensors({ __metadata__: one }), "VALUE", "__metadata__");
  await expectRefused(() => encodeSafetensors({}, { a: 1 as never }), "VALUE", '"a" is number');
});
