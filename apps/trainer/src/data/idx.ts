import type { FileHandle } from "node:fs/promises";
import { open, stat } from "node:fs/promises";
import { DataError } from "./digit-data.ts";
import type { AcceptShape, IdxArray } from "./idx-body.ts";
import { allocateBody, sizeMismatch } from "./idx-body.ts";
import { readGzippedIdx } from "./idx-gzip.ts";
import { MAX_HEADER_BYTES, parseIdxHeader } from "./idx-header.ts";

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped (told apart by content, not by name).
 *
 * The file is not trusted: nothing is allocated for the body until that many bytes are known to be there, so what is
 * held stays within the real output plus well under a MiB; spent chunks of a gzipped file wait for the garbage
 * collector on top of that. `data` is a fresh array of the product of `shape` bytes.
 *
 * ```ts
 * const { shape, data } = await readIdx("train-images-idx3-ubyte.gz"); // shape [60000, 28, 28]
 * ```
 *
 * @param accept sees the shape before the body is read, and may throw
 * @throws DataError with a code that begins with `IDX_`
 */
export async function readIdx(path: string, accept: AcceptShape = () => {}): Promise<IdxArray> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(MAX_HEADER_BYTES);
    const head = start.subarray(0, await readFully(file, start, 0));
    const gzipped = head[0] === 0x1f && head[1] === 0x8b;
    return gzipped ? await readGzippedIdx(file, path, accept) : await readPlainIdx(file, path, head, size, accept);
  } catch (cause) {
    throw cause instanceof DataError ? cause : unreadable(path, cause);
  } finally {
    await file.close();
  }
}

async function readPlainIdx(
  file: FileHandle,
  path: string,
  head: Uint8Array,
  size: number,
  accept: AcceptShape,
): Promise<IdxArray> {
  const { shape, headerBytes, bodyBytes } = parseIdxHeader(head, path);
  accept(shape);
  if (size !== headerBytes + bodyBytes) throw sizeMismatch(path, shape, size - headerBytes);
  const data = allocateBody(path, shape, bodyBytes);
  const found = await readFully(file, data, headerBytes);
  // The size was right a moment ago: somebody is cutting the file.
  if (found !== bodyBytes) throw sizeMismatch(path, shape, found);
  return { shape, data };
}

/** Fills `target` from `position` on; returns how many bytes there were, which is less only at the end of the file. */
async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

async function openRegularFile(path: string): Promise<FileHandle> {
  try {
    // Asked before opening, because opening a pipe waits for somebody to write to it.
    if ((await stat(path)).isFile()) return await open(path, "r");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw new DataError(
    "IDX_READ",
    `${path}: an IDX file was expected but this is a folder, a pipe or a device; give the path of a file`,
  );
}

function unreadable(path: string, cause: unknown): DataError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DataError("IDX_READ", `${path}: cannot be read (${reason}); check the path and its permissions`, {
    cause,
  });
}
