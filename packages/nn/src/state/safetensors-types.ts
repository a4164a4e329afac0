import type { NumberArray, Shape } from "@surprisal/core";

export type NumberFormat = "F64" | "F32" | "I32" | "U32" | "I16" | "U16" | "I8" | "U8";

/** The number formats of the file format that have a typed array of plain numbers, by name. */
export const numberArrays: Readonly<Record<NumberFormat, NumberArrayConstructor>> = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};

interface NumberArrayConstructor {
  new (buffer: ArrayBuffer): NumberArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Bytes over a buffer of their own, `Uint8Array<ArrayBuffer>`, in words that TypeScript 5.4 knows too. */
export type OwnBytes = ReturnType<typeof Uint8Array.of>;

/** A tensor in a file: flat numbers, row-major, with their shape. */
export interface SavedTensor {
  readonly shape: Shape;
  readonly data: NumberArray;
}

/** What a file holds. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, SavedTensor>>;
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header that a file may have: what Hugging Face's own reader accepts. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Where the metadata stand among the tensors. */
export const METADATA = "__metadata__";

/** Names that would not be data of an object. */
export const forbiddenNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
