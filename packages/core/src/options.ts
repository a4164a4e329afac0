import { OptionError } from "./errors.ts";

/** Rejects an options object with keys that it does not know or that are inherited: names the key and the known ones. */
export function checkKeys(op: string, options: object | null | undefined, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) {
    throw new OptionError(`${op}: options are an object, not ${options === null ? "null" : typeof options}`);
  }
  for (const key in options) {
    if (!known.includes(key)) {
      throw new OptionError(`${op}: there is no option "${key}"; the options are ${known.join(", ")}`);
    }
    if (!Object.hasOwn(options, key)) {
      throw new OptionError(`${op}: the option "${key}" is inherited from a prototype; give it in the object itself`);
    }
  }
}
