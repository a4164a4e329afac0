import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "./digit-data.ts";
import type { AcceptShape, IdxArray } from "./idx-body.ts";
import { allocateBody, sizeMismatch } from "./idx-body.ts";
import type { IdxHeader } from "./idx-header.ts";
import { describeBody, MAX_HEADER_BYTES, parseIdxHeader } from "./idx-header.ts";

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a gzipped IDX file by inflating it twice: once to see that it holds exactly what its header promises, keeping
 * nothing, and once into an array of that size. Growing an array as bytes arrive would hold two copies at every step.
 */
export async function readGzippedIdx(file: FileHandle, path: string, accept: AcceptShape): Promise<IdxArray> {
  const header = await measureInflated(inflate(file), path, accept);
  const data = allocateBody(path, header.shape, header.bodyBytes);
  await fillInflated(inflate(file), header, data, path);
  return { shape: header.shape, data };
}

/** The content of a gzip file, a few chunks of memory at a time, from its start however often it is asked for. */
export async function* inflate(file: FileHandle): AsyncGenerator<Uint8Array> {
  const compressed = file.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES, rejectGarbageAfterEnd: true });
  // A fault of either stream ends up in gunzip, whose reader meets it below: nothing is left to do here.
  pipeline(compressed, gunzip, () => {});
  yield* gunzip;
}

/**
 * Reads `chunks` to the end, keeping only the header, and checks the length of the rest against it. Stops at the first
 * chunk that goes beyond the promise, so a bomb costs no more than honest data of that header.
 */
export async function measureInflated(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  accept: AcceptShape = () => {},
): Promise<IdxHeader> {
  const accepted = (bytes: Uint8Array): IdxHeader => {
    const parsed = parseIdxHeader(bytes, path);
    accept(parsed.shape);
    return parsed;
  };
  const head = new Uint8Array(MAX_HEADER_BYTES);
  let total = 0;
  let header: IdxHeader | undefined;
  try {
    for await (const chunk of chunks) {
      if (total < MAX_HEADER_BYTES) head.set(chunk.subarray(0, MAX_HEADER_BYTES - total), total);
      total += chunk.length;
      // A shorter header waits too: until its body has begun or, in the smallest files, until the end.
      if (total >= MAX_HEADER_BYTES) header ??= accepted(head);
      if (header !== undefined && total > header.headerBytes + header.bodyBytes) {
        throw sizeMismatch(path, header.shape, total - header.headerBytes, " or more");
      }
    }
  } catch (cause) {
    throw cause instanceof DataError ? cause : inflateFailed(cause, path, header, total);
  }
  header ??= accepted(head.subarray(0, total));
  const found = total - header.headerBytes;
  if (found !== header.bodyBytes) throw sizeMismatch(path, header.shape, found);
  return header;
}

async function fillInflated(
  chunks: AsyncIterable<Uint8Array>,
  header: IdxHeader,
  data: Uint8Array,
  path: string,
): Promise<void> {
  const changed = new DataError(
    "IDX_READ",
    `${path}: held ${describeBody(header.shape)} when measured but no longer when read; leave the file alone while it is read`,
  );
  let position = -header.headerBytes;
  for await (const chunk of chunks) {
    const body = chunk.subarray(Math.max(0, -position));
    const start = Math.max(0, position);
    if (start + body.length > data.length) throw changed;
    data.set(body, start);
    position += chunk.length;
  }
  if (position !== data.length) throw changed;
}

/** Names what gunzip met; what is no fault of the stream (the disk, say) is handed on as it came. */
function inflateFailed(cause: unknown, path: string, header: IdxHeader | undefined, total: number): unknown {
  if (!(cause instanceof Error && "code" in cause)) return cause;
  const fault = gzipFault(String(cause.code), cause.message);
  if (fault === undefined) return cause;
  const promise = header === undefined ? "an IDX header was expected" : `header promises ${describeBody(header.shape)}`;
  const found = header === undefined ? total : total - header.headerBytes;
  return new DataError(
    "IDX_GZIP",
    `${path}: the gzip stream ${fault} (${promise}, ${found} came out); download the file again`,
    { cause },
  );
}

function gzipFault(code: string, reason: string): string | undefined {
  if (code === "Z_BUF_ERROR") return "is cut off";
  if (code === "ERR_TRAILING_JUNK_AFTER_STREAM_END") return "ends before the file does";
  return code.startsWith("Z_") ? `is damaged: ${reason}` : undefined;
}
