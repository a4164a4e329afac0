import { type NumberArray, ValueError } from "@surprisal/core";
import { type HeaderEntry, parseHeader } from "./safetensors-header.ts";
import {
  MAX_HEADER_BYTES,
  type NumberFormat,
  numberArrays,
  type Safetensors,
  type SavedTensor,
} from "./safetensors-types.ts";

/**
 * The tensors and texts of a safetensors file, copied. Everything is checked before memory is taken for it: lengths, names,
 * shapes, and that the numbers fill the file without gap or overlap, so that one file cannot mean two things.
 *
 * ```js
 * const { tensors, metadata } = decodeSafetensors(bytes);
 * loadStateDict(model.parameters, tensors);
 * ```
 *
 * Reads F64, F32 and the integers of up to 32 bits; not the 16-bit floats, 64-bit integers and booleans.
 * @throws ValueError for a file that is damaged, hostile, or holds other formats
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (!(bytes instanceof Uint8Array)) return fail(`the file is a Uint8Array, not ${String(bytes)}`);
  const headerLength = checkedHeaderLength(bytes);
  const start = 8 + headerLength;
  const { entries, metadata } = parseHeader(headerText(bytes.subarray(8, start)));
  checkLayout(entries, bytes.length - start);
  const tensors: Record<string, SavedTensor> = {};
  for (const { name, dtype, shape, offsets } of entries) {
    const [begin, end] = offsets;
    tensors[name] = { shape, data: numbers(dtype as NumberFormat, copied(bytes, start + begin!, start + end!)) };
  }
  return { tensors, metadata };
}

function checkedHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < 8) return fail(`${bytes.length} bytes are too few; the first 8 say how long the header is`);
  const stated = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (stated > MAX_HEADER_BYTES) return fail(`a header of ${stated} bytes; at most ${MAX_HEADER_BYTES} are allowed`);
  if (stated > bytes.length - 8)
    return fail(`a header of ${stated} bytes in a file of ${bytes.length}; it is truncated`);
  return Number(stated);
}

function headerText(header: Uint8Array): string {
  if (header[0] !== 0x7b) return fail("the header does not begin with {; it is no safetensors file");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    return fail("the header is not UTF-8");
  }
}

/** Checks each tensor, and that together they fill the data from the first byte to the last. */
function checkLayout(entries: readonly HeaderEntry[], available: number): void {
  for (const entry of entries) checkEntry(entry, available);
  const inOrder = entries.toSorted((a, b) => a.offsets[0]! - b.offsets[0]! || a.offsets[1]! - b.offsets[1]!);
  let filled = 0;
  for (const { name, offsets } of inOrder) {
    if (offsets[0] !== filled)
      fail(`"${name}" begins at byte ${offsets[0]}, and the numbers before it end at ${filled}`);
    filled = offsets[1]!;
  }
  if (filled !== available)
    fail(`the tensors take ${filled} bytes, and the file has ${available}; it is truncated or longer`);
}

function checkEntry({ name, dtype, shape, offsets }: HeaderEntry, available: number): void {
  if (!Object.hasOwn(numberArrays, dtype)) {
    fail(`"${name}" holds ${dtype}, which is not read; there are ${Object.keys(numberArrays).join(", ")}`);
  }
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin! > end! || end! > available) {
    fail(`"${name}" lies at [${offsets.join(", ")}], outside the ${available} bytes of numbers`);
  }
  // In BigInt, as a product of axes may be any number.
  const size = shape.reduce((product, axis) => product * BigInt(axis), 1n);
  const length = size * BigInt(numberArrays[dtype as NumberFormat].BYTES_PER_ELEMENT);
  if (length !== BigInt(end! - begin!)) {
    fail(`"${name}" ${dtype} [${shape.join(", ")}] takes ${length} bytes, and the file has ${end! - begin!} for it`);
  }
}

/** A copy also of a Buffer, Node's Uint8Array, whose own `slice` is a view. */
function copied(bytes: Uint8Array, begin: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(begin, end));
}

/** Numbers over bytes of their own, which begin where every format may. */
function numbers(format: NumberFormat, bytes: Uint8Array<ArrayBuffer>): NumberArray {
  return new numberArrays[format](bytes.buffer);
}

function fail(what: string): never {
  throw new ValueError(`decodeSafetensors: ${what}`);
}
