import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError } from "./digit-data.ts";
import { encodeIdx } from "./encode-idx.ts";
import { readIdx } from "./idx.ts";
import { inflate, measureInflated } from "./idx-gzip.ts";

const UINT32_MAX = 0xffffffff;
const body = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
const sound = encodeIdx([2, 3, 4], body);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "idx-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, "digits-idx3-ubyte");
  await writeFile(path, bytes);
  return path;
}

async function failure(reading: Promise<unknown>): Promise<DataError> {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw new Error(`a DataError was expected, not ${String(error)}`);
  return error;
}

function concat(...parts: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

describe("readIdx reads", () => {
  test.each([
    ["a plain file", sound],
    ["a gzipped file, whatever its name", gzipSync(sound)],
  ])("%s", async (_, bytes) => {
    const { shape, data } = await readIdx(await fileOf(bytes));
    expect(shape).toEqual([2, 3, 4]);
    expect(data).toEqual(body);
    expect(data.buffer.byteLength).toBe(body.length);
  });

  test.each([[[24]], [[4, 6]], [[2, 3, 4]], [[2, 3, 2, 2]]])("shape %j, plain and gzipped", async (shape) => {
    const bytes = encodeIdx(shape, body);
    for (const file of [bytes, gzipSync(bytes)])
      expect(await readIdx(await fileOf(file))).toEqual({ shape, data: body });
  });

  test("a body of many chunks", async () => {
    const noise = Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const bytes = encodeIdx([300, 1000], noise);
    for (const file of [bytes, gzipSync(bytes)]) expect((await readIdx(await fileOf(file))).data).toEqual(noise);
  });

  test("a set of no items", async () => {
    const bytes = encodeIdx([0, 28, 28], new Uint8Array(0));
    for (const file of [bytes, gzipSync(bytes)]) {
      expect(await readIdx(await fileOf(file))).toEqual({ shape: [0, 28, 28], data: new Uint8Array(0) });
    }
  });
});

const hostile: readonly (readonly [what: string, bytes: Uint8Array, code: string, message: string])[] = [
  ["an empty file", new Uint8Array(0), "IDX_SIZE", "the header needs 4 bytes but the file has 0"],
  ["a header cut off", sound.subarray(0, 15), "IDX_SIZE", "the header needs 16 bytes but the file has 15"],
  ["a wrong magic", concat([0x89, 0x50], sound), "IDX_MAGIC", "begins with 00 00 but this begins with 89 50"],
  ["floats", encodeIdx([2, 3, 4], body, 0x0d), "IDX_TYPE", "0x0d (float32) but only 0x08 (unsigned byte)"],
  ["an unknown type", encodeIdx([2, 3, 4], body, 0x07), "IDX_TYPE", "0x07 (unknown) but only 0x08 (unsigned byte)"],
  ["no dimensions", encodeIdx([], body), "IDX_RANK", "0 dimensions but 1 to 4"],
  ["255 dimensions", concat([0, 0, 8, 255], body), "IDX_RANK", "255 dimensions but 1 to 4"],
  [
    "images of no height",
    encodeIdx([2, 0, 4], body),
    "IDX_SHAPE",
    "dimension 1 of 2 × 0 × 4 is 0 but must be at least 1",
  ],
  [
    "a dimension of 2³² − 1",
    encodeIdx([UINT32_MAX, 28, 28], body),
    "IDX_LIMIT",
    "header promises 4294967295 × 28 × 28 = 3367254359280 bytes but at most 2147483647",
  ],
  [
    "a product of 2⁶⁴, which wraps to 0",
    encodeIdx([2 ** 31, 2 ** 31, 4], body),
    "IDX_LIMIT",
    "18446744073709551616 bytes",
  ],
  ["a product beyond 2¹²⁷", encodeIdx([UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX], body), "IDX_LIMIT", "at most"],
  ["no items of absurd size", encodeIdx([0, UINT32_MAX, UINT32_MAX], body), "IDX_LIMIT", "at most"],
  [
    "2 GB promised, 24 bytes there",
    encodeIdx([2 ** 31 - 1], body),
    "IDX_SIZE",
    "2147483647 bytes but the body has 24; the file is truncated",
  ],
  [
    "a short body",
    sound.subarray(0, -1),
    "IDX_SIZE",
    "2 × 3 × 4 = 24 bytes but the body has 23; the file is truncated",
  ],
  ["an extra body", concat(sound, [0]), "IDX_SIZE", "2 × 3 × 4 = 24 bytes but the body has 25"],
];

describe("readIdx refuses", () => {
  test.each(hostile)("%s", async (_, bytes, code, message) => {
    for (const file of [bytes, gzipSync(bytes)]) {
      const path = await fileOf(file);
      const error = await failure(readIdx(path));
      expect(error.message).toContain(message);
      expect(error.message.startsWith(`${path}: `)).toBe(true);
      expect(error.code).toBe(code);
    }
  });

  const gzipped = gzipSync(sound);
  const wrongSum = Uint8Array.from(gzipped, (byte, i) => (i === gzipped.length - 8 ? byte ^ 1 : byte));
  test.each([
    ["cut off in its own header", gzipped.subarray(0, 5), "is cut off (an IDX header was expected, 0 came out)"],
    ["cut off in its sum", gzipped.subarray(0, -1), "is cut off (header promises 2 × 3 × 4 = 24 bytes, 24 came out)"],
    ["of a wrong sum", wrongSum, "is damaged: incorrect data check"],
    ["followed by garbage", concat(gzipped, [1, 2, 3]), "ends before the file does"],
    ["followed by zeros", concat(gzipped, new Uint8Array(100_000)), "ends before the file does"],
    ["followed by another", concat(gzipped, gzipped), "ends before the file does"],
    ["of nothing but its magic", gzipped.subarray(0, 2), "is cut off"],
  ])("a gzip stream %s", async (_, bytes, message) => {
    const error = await failure(readIdx(await fileOf(bytes)));
    expect(error.message).toContain(message);
    expect(error.code).toBe("IDX_GZIP");
  });

  test("garbage after a gzip stream that fills whole chunks of the reader", async () => {
    const chunk = 64 * 1024;
    // Stored, not compressed, so that the length of the stream can be chosen: it grows byte for byte with the body.
    const stored = (length: number) => gzipSync(encodeIdx([length], new Uint8Array(length)), { level: 0 });
    const length = 60_000 + chunk - stored(60_000).length;
    expect(stored(length).length).toBe(chunk);
    expect((await readIdx(await fileOf(stored(length)))).data.length).toBe(length);
    const error = await failure(readIdx(await fileOf(concat(stored(length), [0]))));
    expect(error.code).toBe("IDX_GZIP");
  });

  test("what is missing, a folder, and a device", async () => {
    const missing = join(folder, "missing");
    expect((await failure(readIdx(missing))).message).toContain("ENOENT");
    for (const path of [missing, folder, "/dev/null"]) {
      const error = await failure(readIdx(path));
      expect(error.code).toBe("IDX_READ");
      expect(error.message.startsWith(`${path}: `)).toBe(true);
    }
  });
});

describe("readIdx, whatever happened to a file, gives a typed error or an array of its shape", () => {
  async function survives(bytes: Uint8Array): Promise<"refused" | "read"> {
    const outcome = await readIdx(await fileOf(bytes)).catch((error: unknown) => error);
    if (outcome instanceof DataError) return "refused";
    expect(outcome).toHaveProperty("shape");
    const { shape, data } = outcome as Awaited<ReturnType<typeof readIdx>>;
    expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    return "read";
  }

  test.each([
    ["plain", sound],
    ["gzipped", new Uint8Array(gzipSync(sound))],
  ])("%s: cut off after every byte", async (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(await survives(bytes.subarray(0, length))).toBe("refused");
    }
  });

  test.each([
    ["plain", sound],
    ["gzipped", new Uint8Array(gzipSync(sound))],
  ])("%s: every single bit flipped", async (_, bytes) => {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      await survives(Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
    }
  });
});

describe("a gzip bomb of 200 MB in a file of 0.2 MB", () => {
  let path: string;
  beforeAll(async () => {
    path = await fileOf(gzipSync(encodeIdx([1, 28, 28], new Uint8Array(200e6)), { level: 1 }));
  });

  test("is refused", async () => {
    const error = await failure(readIdx(path));
    expect(error.message).toMatch(/header promises 1 × 28 × 28 = 784 bytes but the body has \d+ or more/);
    expect(error.code).toBe("IDX_SIZE");
  });

  test("is left after the first chunk beyond what its header promises", async () => {
    const file = await open(path);
    let pulled = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of inflate(file)) {
        pulled += chunk.length;
        yield chunk;
      }
    }
    await failure(measureInflated(counted(), path));
    await file.close();
    expect(pulled).toBeGreaterThan(784);
    expect(pulled).toBeLessThanOrEqual(64 * 1024);
  });
});
