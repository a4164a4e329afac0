import { type HostTensor, type NumberArray, ShapeError, ValueError } from "@surprisal/core";
import {
  forbiddenNames,
  MAX_HEADER_BYTES,
  METADATA,
  type NumberFormat,
  numberArrays,
  type OwnBytes,
} from "./safetensors-types.ts";

/**
 * Tensors as the bytes of a safetensors file (https://github.com/huggingface/safetensors): the length of a JSON header in
 * eight bytes, the header, and the numbers, little-endian, with no gaps. The same tensors give the same bytes.
 *
 * ```js
 * const bytes = encodeSafetensors(await stateDict(model.parameters), { format: "surprisal" });
 * ```
 *
 * Number formats follow the arrays: Float32Array is F32. Plain arrays become F64.
 * @param metadata texts by name, kept under `__metadata__`
 * @throws ShapeError where numbers do not fit their shape, ValueError for names or values the format has no place for
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): OwnBytes {
  // Wide numbers first, so that each begins at a multiple of its own size; then by name.
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => encoded(name, tensor))
    .sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[METADATA] = checkedMetadata(metadata);
  let end = 0;
  for (const { name, format, shape, data } of entries) {
    header[name] = { dtype: format, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  if (headerLength > MAX_HEADER_BYTES) {
    throw new ValueError(
      `encodeSafetensors: the header is ${headerLength} bytes long; readers take ${MAX_HEADER_BYTES}`,
    );
  }
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let at = 8 + headerLength;
  for (const { data } of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

interface Encoded {
  readonly name: string;
  readonly format: NumberFormat;
  readonly shape: readonly number[];
  readonly data: NumberArray;
}

function encoded(name: string, { shape, data }: HostTensor): Encoded {
  if (name === METADATA || forbiddenNames.has(name)) {
    throw new ValueError(`encodeSafetensors: a tensor cannot be named "${name}"; give it another name`);
  }
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (data.length !== size) {
    throw new ShapeError(
      `encodeSafetensors: "${name}" [${shape.join(", ")}] has ${size} numbers, but ${data.length} were given`,
    );
  }
  const formats = Object.keys(numberArrays) as NumberFormat[];
  const format = formats.find((candidate) => data instanceof numberArrays[candidate]);
  if (format === undefined) return { name, format: "F64", shape, data: Float64Array.from(data) };
  return { name, format, shape, data: data as NumberArray };
}

function checkedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const sorted: Record<string, string> = {};
  for (const [name, text] of Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (typeof text !== "string" || forbiddenNames.has(name)) {
      throw new ValueError(`encodeSafetensors: metadata are texts by name, and "${name}" is ${typeof text}`);
    }
    sorted[name] = text;
  }
  return sorted;
}
