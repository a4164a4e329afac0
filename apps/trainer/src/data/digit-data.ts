/** Grey images and their labels, in the order they were read or drawn. */
export interface LabelledImages {
  readonly count: number;
  /** count × height × width bytes, row-major, 0 for paper and 255 for full ink. */
  readonly images: Uint8Array;
  /** One class a byte, each below the data's `classes`. */
  readonly labels: Uint8Array;
}

/** A classification problem on small grey images: what to learn from and what to be tested on, both of one image size. */
export interface DigitData {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export type DataErrorCode =
  /** The file is missing, not a regular file, or the system refused to read it. */
  | "IDX_READ"
  /** The first two bytes are not those of an IDX file. */
  | "IDX_MAGIC"
  /** The elements are not unsigned bytes. */
  | "IDX_TYPE"
  /** Not between one and four dimensions. */
  | "IDX_RANK"
  /** A dimension is zero where items of no bytes would follow. */
  | "IDX_SHAPE"
  /** The header promises more than the reader ever allocates. */
  | "IDX_LIMIT"
  /** The header is cut off, or the body is shorter or longer than it promises. */
  | "IDX_SIZE"
  /** The body is sound but does not fit into memory. */
  | "IDX_MEMORY"
  /** The gzip stream is damaged, cut off, or followed by something else. */
  | "IDX_GZIP"
  /** The folder is missing or is not a folder. */
  | "MNIST_FOLDER"
  /** One of the four files is not in the folder. */
  | "MNIST_MISSING"
  /** A file has the wrong number of dimensions, or the two sets differ in image size. */
  | "MNIST_SHAPE"
  /** A set has no images. */
  | "MNIST_EMPTY"
  /** Images and labels differ in number. */
  | "MNIST_COUNT"
  /** A label is not one of the classes. */
  | "MNIST_LABEL"
  /** Asked to draw a number of digits that is no number of digits. */
  | "DIGITS_COUNT";

/** Data that cannot be used. The message names the file, what was expected and what was found, and the remedy. */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly code: DataErrorCode;

  constructor(code: DataErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
