/**
 * Writes ONNX models: the few messages of onnx.proto that a graph of standard operators needs, in protobuf's wire format.
 */

/** Element types, by the numbers that ONNX gives them. */
const types = { float: 1, int64: 7 } as const;

/** A tensor that a graph takes, gives, or holds. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: keyof typeof types;
  readonly shape: readonly number[];
}

/** A constant of type float. */
export interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A whole number, several, or a word. */
type OnnxAttribute = number | readonly number[] | string;

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  readonly constants?: readonly OnnxConstant[];
}

const IR_VERSION = 8;
const OPSET = 17;

/** The bytes of a model. */
export function onnxModel({ nodes, inputs, outputs, constants = [] }: OnnxGraph): Uint8Array {
  const graph = message(
    ...nodes.map((node) => field(1, nodeOf(node))),
    field(2, text("graph")),
    ...constants.map(({ name, shape, values }) => {
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return field(
        5,
        message(...shape.map((size) => number(1, size)), number(2, types.float), field(8, text(name)), field(9, raw)),
      );
    }),
    ...inputs.map((tensor) => field(11, valueInfo(tensor))),
    ...outputs.map((tensor) => field(12, valueInfo(tensor))),
  );
  const opset = message(field(1, text("")), number(2, OPSET));
  return message(number(1, IR_VERSION), field(7, graph), field(8, opset));
}

function nodeOf({ op, inputs, outputs, attributes = {} }: OnnxNode): Uint8Array {
  return message(
    ...inputs.map((name) => field(1, text(name))),
    ...outputs.map((name) => field(2, text(name))),
    field(4, text(op)),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  );
}

function attribute(name: string, value: OnnxAttribute): Uint8Array {
  const [INT, STRING, INTS] = [2, 3, 7];
  const named = field(1, text(name));
  if (typeof value === "number") return message(named, number(3, value), number(20, INT));
  if (typeof value === "string") return message(named, field(4, text(value)), number(20, STRING));
  return message(named, ...value.map((each) => number(8, each)), number(20, INTS));
}

function valueInfo({ name, type, shape }: OnnxTensor): Uint8Array {
  const dimensions = message(...shape.map((size) => field(1, message(number(1, size)))));
  const tensorType = message(number(1, types[type]), field(2, dimensions));
  return message(field(1, text(name)), field(2, message(field(1, tensorType))));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A field of whole number: wire type 0. */
function number(id: number, value: number): Uint8Array {
  return message(varint(id << 3), varint(value));
}

/** A field of bytes, text or a message: wire type 2. */
function field(id: number, bytes: Uint8Array): Uint8Array {
  return message(varint((id << 3) | 2), varint(bytes.length), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
