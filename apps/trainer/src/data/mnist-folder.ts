import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { DigitData, LabelledImages } from "./digit-data.ts";
import { DataError } from "./digit-data.ts";
import { readIdx } from "./idx.ts";

const CLASSES = 10;

interface ImageSet extends LabelledImages {
  readonly imagesPath: string;
  readonly height: number;
  readonly width: number;
}

/**
 * Reads a folder with MNIST's four files (http://yann.lecun.com/exdb/mnist): `train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or with `.gz`, and with
 * either `-` or `.` before `idx`. Any image size will do; the classes are the ten digits.
 *
 * @throws DataError with a code that begins with `MNIST_`, or `IDX_` for a file that cannot be read
 */
export async function readMnistFolder(dir: string): Promise<DigitData> {
  const names = await listFolder(dir);
  // Every file is looked for before the first is read, so that a missing one is reported at once.
  const train = findSet(dir, names, "train");
  const test = findSet(dir, names, "t10k");
  const trainSet = await readSet(...train);
  const testSet = await readSet(...test);
  const { height, width } = trainSet;
  if (testSet.height !== height || testSet.width !== width) {
    throw new DataError(
      "MNIST_SHAPE",
      `${trainSet.imagesPath} has images of ${height} × ${width} but ${testSet.imagesPath} of ${testSet.height} × ${testSet.width}; take both from one data set`,
    );
  }
  const name = basename(resolve(dir));
  return { name, height, width, classes: CLASSES, train: labelledImages(trainSet), test: labelledImages(testSet) };
}

async function listFolder(dir: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(dir));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      "MNIST_FOLDER",
      `${dir}: a folder with MNIST's four files was expected (${reason}); give the path of such a folder`,
      { cause },
    );
  }
}

type SetPaths = readonly [imagesPath: string, labelsPath: string];

function findSet(dir: string, names: ReadonlySet<string>, set: "train" | "t10k"): SetPaths {
  return [findFile(dir, names, `${set}-images`, "idx3"), findFile(dir, names, `${set}-labels`, "idx1")];
}

function findFile(dir: string, names: ReadonlySet<string>, stem: string, rank: string): string {
  const candidates = ["-", "."].flatMap((dot) => ["", ".gz"].map((end) => `${stem}${dot}${rank}-ubyte${end}`));
  const found = candidates.find((name) => names.has(name));
  if (found !== undefined) return join(dir, found);
  throw new DataError(
    "MNIST_MISSING",
    `${dir}: no ${stem} among the ${names.size} files: looked for ${candidates.join(", ")}; put one of them into the folder`,
  );
}

/** Labels first: they are small, and say how many images there must be before any memory is taken for those. */
async function readSet(imagesPath: string, labelsPath: string): Promise<ImageSet> {
  const labels = await readIdx(labelsPath, (shape) => {
    if (shape.length !== 1) throw wrongRank(labelsPath, "labels have 1 dimension", shape);
  });
  checkLabels(labelsPath, labels.data);
  const { shape, data } = await readIdx(imagesPath, (promised) =>
    checkImages(promised, imagesPath, labels.data.length, labelsPath),
  );
  const [count, height, width] = shape as [number, number, number];
  return { count, height, width, images: data, labels: labels.data, imagesPath };
}

function checkImages(shape: readonly number[], imagesPath: string, labels: number, labelsPath: string): void {
  if (shape.length !== 3) throw wrongRank(imagesPath, "images have 3 dimensions", shape);
  const [count] = shape;
  if (count === 0)
    throw new DataError("MNIST_EMPTY", `${imagesPath}: at least 1 image is needed but it has 0; take another data set`);
  if (labels !== count) {
    throw new DataError(
      "MNIST_COUNT",
      `${imagesPath} has ${count} images but ${labelsPath} has ${labels} labels; take both from one data set`,
    );
  }
}

function checkLabels(path: string, labels: Uint8Array): void {
  const index = labels.findIndex((label) => label >= CLASSES);
  if (index < 0) return;
  throw new DataError(
    "MNIST_LABEL",
    `${path}: label ${index} is ${labels[index]} but the classes are 0 to ${CLASSES - 1}; correct it or take another data set`,
  );
}

function wrongRank(path: string, expected: string, shape: readonly number[]): DataError {
  return new DataError(
    "MNIST_SHAPE",
    `${path}: ${expected} but this file has ${shape.length} (${shape.join(" × ")}); check that images and labels are not exchanged`,
  );
}

function labelledImages({ count, images, labels }: ImageSet): LabelledImages {
  return { count, images, labels };
}
