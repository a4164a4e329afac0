import { InvalidArgumentError } from "commander";

/** Parsers of flag values. Each accepts its flag once, in plain decimal, and says what it expects. */
type Parser<T> = (text: string) => T;

/** A whole number from `low` to `high`. */
export function wholeNumber(low: number, high: number): Parser<number> {
  return once((text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
  });
}

/** A decimal number above `low` and at most `high`. */
export function decimal(low: number, high: number): Parser<number> {
  return once((text) => {
    const value = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (value > low && value <= high) return value;
    throw new InvalidArgumentError(`Give a number above ${low}, at most ${high}.`);
  });
}

/** Any text but the empty one. */
export function text(): Parser<string> {
  return once((value) => {
    if (value !== "") return value;
    throw new InvalidArgumentError("It is empty.");
  });
}

function once<T>(parse: Parser<T>): Parser<T> {
  let given = false;
  return (value) => {
    if (given) throw new InvalidArgumentError("It is given twice.");
    given = true;
    return parse(value);
  };
}
