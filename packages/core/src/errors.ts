/**
 * Typed errors. Each has a `code` to branch on and a brand that survives two copies of this package in one program,
 * so `isSurprisalError(e, "LABEL")` is the test, not `instanceof`. A message names the operation, both values and
 * the remedy.
 */

/** What went wrong, in one word. */
export type ErrorCode =
  | "SHAPE" // shapes or sizes do not fit
  | "LABEL" // a label or index is out of range or no integer
  | "OPTION" // an unknown option, or a value outside its range
  | "VALUE" // an argument of the wrong type
  | "DISPOSED" // use after free, disposing twice, a closed device
  | "STALE" // a parameter changed between a forward pass and its gradient
  | "DEVICE" // tensors of two devices in one op
  | "GRADIENT" // a gradient that cannot be taken
  | "UNAVAILABLE" // no backend could be opened
  | "BACKEND" // a backend failed: out of memory, a failed kernel
  | "LOST" // a device is lost, and everything on it
  | "AUDIT"; // a device computed what a reference does not

const brand: symbol = Symbol.for("surprisal.error");

class SurprisalError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }
}

export type { SurprisalError };

/** Whether `error` comes from any copy of Surprisal (and, if given, has this code). */
export function isSurprisalError(error: unknown, code?: ErrorCode): error is SurprisalError {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || (error as SurprisalError).code === code;
}

/** Shapes, sizes or ranks that do not fit; the message names both. */
export class ShapeError extends SurprisalError {
  override readonly name = "ShapeError";
  constructor(message: string) {
    super("SHAPE", message);
  }
}

/** A label or index out of range, or no integer: where it stands, what it is, and how many classes there are. */
export class LabelError extends SurprisalError {
  override readonly name = "LabelError";
  /** The position of the label, row-major. */
  readonly row: number;
  readonly label: unknown;
  readonly classes: number;

  constructor(message: string, row: number, label: unknown, classes: number) {
    super("LABEL", message);
    this.row = row;
    this.label = label;
    this.classes = classes;
  }
}

/** An option that does not exist, or whose value is outside its range. */
export class OptionError extends SurprisalError {
  override readonly name = "OptionError";
  constructor(message: string) {
    super("OPTION", message);
  }
}

/** An argument that is not of the type it must have. */
export class ValueError extends SurprisalError {
  override readonly name = "ValueError";
  constructor(message: string) {
    super("VALUE", message);
  }
}

/** A tensor, scope or device used after it was disposed, or disposed twice. */
export class DisposedError extends SurprisalError {
  override readonly name = "DisposedError";
  constructor(message: string) {
    super("DISPOSED", message);
  }
}

/** A parameter was written between the forward pass that saved it and the gradient that needs it. */
export class StaleTensorError extends SurprisalError {
  override readonly name = "StaleTensorError";
  constructor(message: string) {
    super("STALE", message);
  }
}

/** Tensors of two devices met in one operation. */
export class DeviceMismatchError extends SurprisalError {
  override readonly name = "DeviceMismatchError";
  constructor(message: string) {
    super("DEVICE", message);
  }
}

/** A gradient that cannot be taken: a function without a scalar result, a recording used twice. */
export class GradientError extends SurprisalError {
  override readonly name = "GradientError";
  constructor(message: string) {
    super("GRADIENT", message);
  }
}

/** No candidate could be opened; the message says why for each. */
export class UnavailableError extends SurprisalError {
  override readonly name = "UnavailableError";
  constructor(message: string, options?: ErrorOptions) {
    super("UNAVAILABLE", message, options);
  }
}

/** A backend failed while it worked: out of memory, a failed kernel. `cause` is its own error. */
export class BackendError extends SurprisalError {
  override readonly name = "BackendError";
  constructor(message: string, options?: ErrorOptions) {
    super("BACKEND", message, options);
  }
}

/** The device is lost: nothing that was on it can be read, and nothing more computed. `cause` says how that came. */
export class DeviceLostError extends SurprisalError {
  override readonly name = "DeviceLostError";
  constructor(message: string, options?: ErrorOptions) {
    super("LOST", message, options);
  }
}

/** A device computed something else than its reference: it cannot be trusted, and counts as lost. */
export class AuditError extends SurprisalError {
  override readonly name = "AuditError";
  constructor(message: string) {
    super("AUDIT", message);
  }
}

/** What an unknown thrown value says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
