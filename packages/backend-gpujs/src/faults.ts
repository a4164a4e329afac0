const brand: symbol = Symbol.for("surprisal.error");

/** A failure of the device or of a kernel on it. `code` is that of core's own BackendError. */
export class GpuError extends Error {
  override readonly name: string = "GpuError";
  readonly code: "BACKEND" | "LOST" = "BACKEND";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, brand, { value: true });
  }
}

/** The GPU is gone, or cannot be trusted any more: everything on it is lost. `code` is that of core's DeviceLostError. */
export class DeviceLostError extends GpuError {
  override readonly name = "DeviceLostError";
  override readonly code = "LOST";

  constructor(reason: string, options?: ErrorOptions) {
    super(`gpujs: the device is lost: ${reason}; open it again`, options);
  }
}

/** What was thrown, as an Error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new GpuError(String(thrown));
}
