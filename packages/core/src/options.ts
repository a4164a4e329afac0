import { OptionError } from "./errors.ts";

/** Rejects an options object with keys it does not know, naming the key and the known ones. */
export function checkKeys(op: string, options: object | null | undefined, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) {
    throw new OptionError(`${op}: options are an object, not ${options === null ? "null" : typeof options}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(`${op}: there is no option "${key}"; the options are ${known.join(", ")}`);
    }
  }
}
