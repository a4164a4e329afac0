import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataError } from "./digit-data.ts";
import { encodeIdx } from "./encode-idx.ts";
import { readMnistFolder } from "./mnist-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mnist-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const trainPixels = Uint8Array.from({ length: 3 * 2 * 4 }, (_, i) => i);
const testPixels = Uint8Array.from({ length: 2 * 2 * 4 }, (_, i) => 100 + i);
const sound: Readonly<Record<string, Uint8Array>> = {
  "train-images-idx3-ubyte": encodeIdx([3, 2, 4], trainPixels),
  "train-labels-idx1-ubyte": encodeIdx([3], Uint8Array.of(0, 9, 5)),
  "t10k-images-idx3-ubyte": encodeIdx([2, 2, 4], testPixels),
  "t10k-labels-idx1-ubyte": encodeIdx([2], Uint8Array.of(1, 7)),
};

async function writeAll(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}

async function failure(dir: string): Promise<DataError> {
  const error: unknown = await readMnistFolder(dir).then(
    () => "no error",
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw new Error(`a DataError was expected, not ${String(error)}`);
  return error;
}

describe("readMnistFolder reads", () => {
  test.each<[string, (name: string, bytes: Uint8Array) => [string, Uint8Array]]>([
    ["plain files", (name, bytes) => [name, bytes]],
    ["gzipped files", (name, bytes) => [`${name}.gz`, gzipSync(bytes)]],
    ["names with a dot", (name, bytes) => [name.replace("-idx", ".idx"), bytes]],
  ])("%s", async (_, stored) => {
    await writeAll(Object.fromEntries(Object.entries(sound).map(([name, bytes]) => stored(name, bytes))));
    const { name, ...data } = await readMnistFolder(folder);
    expect(folder.endsWith(name)).toBe(true);
    expect(data).toEqual({
      height: 2,
      width: 4,
      classes: 10,
      train: { count: 3, images: trainPixels, labels: Uint8Array.of(0, 9, 5) },
      test: { count: 2, images: testPixels, labels: Uint8Array.of(1, 7) },
    });
  });

  test("the images that are there for trying things on", async (context) => {
    const real = process.env.MNIST_DIR;
    if (real === undefined) return context.skip("MNIST_DIR does not name a folder with MNIST's files");
    const { height, width, classes, train, test } = await readMnistFolder(real);
    expect([height, width, classes]).toEqual([28, 28, 10]);
    for (const { count, images, labels } of [train, test]) {
      expect([images.length, labels.length]).toEqual([count * 784, count]);
      expect(new Set(labels).size).toBe(10);
      const ink = images.reduce((sum, pixel) => sum + pixel, 0) / images.length;
      expect(Math.abs(ink / 255 - 0.13)).toBeLessThan(0.02); // MNIST's mean pixel is 0.1307
    }
  });
});

describe("readMnistFolder refuses", () => {
  test("a folder that is missing", async () => {
    const error = await failure(join(folder, "missing"));
    expect(error.code).toBe("MNIST_FOLDER");
    expect(error.message).toContain("ENOENT");
  });

  test("a file in place of the folder", async () => {
    await writeAll({ digits: new Uint8Array(1) });
    const error = await failure(join(folder, "digits"));
    expect(error.code).toBe("MNIST_FOLDER");
    expect(error.message).toContain("ENOTDIR");
  });

  test.each(Object.keys(sound))("a folder without %s, naming all it looked for", async (missing) => {
    await writeAll(Object.fromEntries(Object.entries(sound).filter(([name]) => name !== missing)));
    const error = await failure(folder);
    const dotted = missing.replace("-idx", ".idx");
    expect(error.code).toBe("MNIST_MISSING");
    expect(error.message).toContain(`looked for ${missing}, ${missing}.gz, ${dotted}, ${dotted}.gz;`);
  });

  test.each<[what: string, changed: Record<string, Uint8Array>, code: string, ...messages: string[]]>([
    [
      "more labels than images",
      { "train-labels-idx1-ubyte": encodeIdx([4], new Uint8Array(4)) },
      "MNIST_COUNT",
      "train-images-idx3-ubyte has 3 images but",
      "train-labels-idx1-ubyte has 4 labels",
    ],
    [
      "two gigabytes of images that no label goes with, before they are inflated",
      { "train-images-idx3-ubyte": gzipSync(encodeIdx([2_000_000, 28, 28], new Uint8Array(8))) },
      "MNIST_COUNT",
      "train-images-idx3-ubyte has 2000000 images but",
      "train-labels-idx1-ubyte has 3 labels",
    ],
    [
      "fewer labels than images",
      { "t10k-labels-idx1-ubyte": encodeIdx([1], new Uint8Array(1)) },
      "MNIST_COUNT",
      "t10k-images-idx3-ubyte has 2 images but",
      "t10k-labels-idx1-ubyte has 1 labels",
    ],
    [
      "a label that is no digit",
      { "train-labels-idx1-ubyte": encodeIdx([3], Uint8Array.of(1, 10, 11)) },
      "MNIST_LABEL",
      "train-labels-idx1-ubyte: label 1 is 10 but the classes are 0 to 9",
    ],
    [
      "test images of another size",
      { "t10k-images-idx3-ubyte": encodeIdx([2, 4, 2], testPixels) },
      "MNIST_SHAPE",
      "train-images-idx3-ubyte has images of 2 × 4 but",
      "t10k-images-idx3-ubyte of 4 × 2",
    ],
    [
      "labels in place of images",
      { "train-images-idx3-ubyte": encodeIdx([3], new Uint8Array(3)) },
      "MNIST_SHAPE",
      "train-images-idx3-ubyte: images have 3 dimensions but this file has 1 (3)",
    ],
    [
      "colour images",
      { "t10k-images-idx3-ubyte": encodeIdx([1, 2, 4, 2], testPixels) },
      "MNIST_SHAPE",
      "t10k-images-idx3-ubyte: images have 3 dimensions but this file has 4 (1 × 2 × 4 × 2)",
    ],
    [
      "images in place of labels",
      { "train-labels-idx1-ubyte": encodeIdx([3, 2, 4], trainPixels) },
      "MNIST_SHAPE",
      "train-labels-idx1-ubyte: labels have 1 dimension but this file has 3 (3 × 2 × 4)",
    ],
    [
      "a set without images",
      {
        "t10k-images-idx3-ubyte": encodeIdx([0, 2, 4], new Uint8Array(0)),
        "t10k-labels-idx1-ubyte": encodeIdx([0], new Uint8Array(0)),
      },
      "MNIST_EMPTY",
      "t10k-images-idx3-ubyte: at least 1 image is needed but it has 0",
    ],
    [
      "a damaged file",
      { "t10k-images-idx3-ubyte": encodeIdx([2, 2, 4], testPixels.subarray(1)) },
      "IDX_SIZE",
      "t10k-images-idx3-ubyte: header promises 2 × 2 × 4 = 16 bytes but the body has 15",
    ],
  ])("%s", async (_, changed, code, ...messages) => {
    await writeAll({ ...sound, ...changed });
    const error = await failure(folder);
    for (const message of messages) expect(error.message).toContain(message);
    expect(error.code).toBe(code);
  });
});
