import { DataError } from "./digit-data.ts";

/**
 * What the first bytes of an IDX file say: two zero bytes, the element type, the rank, and one big-endian uint32 a
 * dimension (the format of MNIST, http://yann.lecun.com/exdb/mnist).
 */
export interface IdxHeader {
  readonly shape: readonly number[];
  /** Length of the header itself: 4 + 4 · rank. */
  readonly headerBytes: number;
  /** Length of the body that must follow: the product of the shape. */
  readonly bodyBytes: number;
}

/** No header is longer than this: four dimensions. */
export const MAX_HEADER_BYTES = 20;

const MAX_BODY_BYTES = 2 ** 31 - 1;
const MAX_RANK = 4;
const UNSIGNED_BYTE = 0x08;
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x09, "signed byte"],
  [0x0b, "int16"],
  [0x0c, "int32"],
  [0x0d, "float32"],
  [0x0e, "float64"],
]);

/**
 * Reads the header at the start of `bytes`, which may hold more than the header, or all there is of a shorter file.
 *
 * @throws DataError `IDX_MAGIC`, `IDX_TYPE`, `IDX_RANK`, `IDX_SHAPE`, `IDX_LIMIT`, or `IDX_SIZE` when cut off
 */
export function parseIdxHeader(bytes: Uint8Array, file: string): IdxHeader {
  const [zero1, zero2, type, rank] = bytes;
  if (zero1 === undefined || zero2 === undefined || type === undefined || rank === undefined) {
    throw cutOff(file, 4, bytes.length);
  }
  if (zero1 !== 0 || zero2 !== 0) {
    throw new DataError(
      "IDX_MAGIC",
      `${file}: an IDX file begins with 00 00 but this begins with ${hex(zero1)} ${hex(zero2)}; it is not an IDX file: download it again`,
    );
  }
  if (type !== UNSIGNED_BYTE) {
    throw new DataError(
      "IDX_TYPE",
      `${file}: element type is 0x${hex(type)} (${TYPE_NAMES.get(type) ?? "unknown"}) but only 0x08 (unsigned byte) is read; convert the file to unsigned bytes`,
    );
  }
  if (rank < 1 || rank > MAX_RANK) {
    throw new DataError(
      "IDX_RANK",
      `${file}: header has ${rank} dimensions but 1 to ${MAX_RANK} are read; the header is damaged: download it again`,
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) throw cutOff(file, headerBytes, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, headerBytes, bodyBytes: checkedProduct(shape, file) };
}

/** `60000 × 28 × 28 = 47040000 bytes`, exact however large. */
export function describeBody(shape: readonly number[]): string {
  const product = shape.reduce((bytes, size) => bytes * BigInt(size), 1n);
  return shape.length === 1 ? `${product} bytes` : `${shape.join(" × ")} = ${product} bytes`;
}

function checkedProduct(shape: readonly number[], file: string): number {
  // A set of no items is well formed (its user may still refuse it); an item of no bytes is not.
  const axis = shape.indexOf(0, 1);
  if (axis > 0) {
    throw new DataError(
      "IDX_SHAPE",
      `${file}: dimension ${axis} of ${shape.join(" × ")} is 0 but must be at least 1; the header is damaged: download it again`,
    );
  }
  // Zero counts as one here, so that an empty set cannot carry absurd item sizes past the limit.
  let product = 1;
  for (const size of shape) product *= Math.max(size, 1);
  if (product > MAX_BODY_BYTES) {
    throw new DataError(
      "IDX_LIMIT",
      `${file}: header promises ${describeBody(shape)} but at most ${MAX_BODY_BYTES} are read; the header is damaged (download it again) or the file must be split`,
    );
  }
  return shape[0] === 0 ? 0 : product;
}

function cutOff(file: string, wanted: number, found: number): DataError {
  return new DataError(
    "IDX_SIZE",
    `${file}: the header needs ${wanted} bytes but the file has ${found}; the file is truncated: download it again`,
  );
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
