import { DataError } from "./digit-data.ts";
import { describeBody } from "./idx-header.ts";

export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major, one byte an element. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Looks at what a header promises before anything is allocated for it; throws what is wrong with it. */
export type AcceptShape = (shape: readonly number[]) => void;

/** The body has `found` bytes, or at least that many when `more` says that reading stopped there. */
export function sizeMismatch(file: string, shape: readonly number[], found: number, more = ""): DataError {
  const promised = shape.reduce((bytes, size) => bytes * size, 1);
  const fault = found < promised ? "the file is truncated" : "the file is damaged or is another file";
  return new DataError(
    "IDX_SIZE",
    `${file}: header promises ${describeBody(shape)} but the body has ${found}${more}; ${fault}: download it again`,
  );
}

export function allocateBody(file: string, shape: readonly number[], bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new DataError(
      "IDX_MEMORY",
      `${file}: ${describeBody(shape)} do not fit into the memory that is left; use a smaller file or a larger memory limit`,
      { cause },
    );
  }
}
