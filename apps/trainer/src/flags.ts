import { InvalidArgumentError } from "commander";
import type { ClassWeighting } from "./class-weights.ts";

/** Parsers of flag values. Each accepts its flag once, in plain decimal, and says what it expects. */
type Parser<T> = (text: string) => T;

const decimals = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A whole number from `low` to `high`. */
export function wholeNumber(low: number, high: number): Parser<number> {
  return once((text) => {
    const value = whole(text);
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
  });
}

/** A decimal number above `low` and at most `high`. */
export function decimal(low: number, high: number): Parser<number> {
  return once((text) => {
    const value = decimals.test(text) ? Number(text) : Number.NaN;
    if (value > low && value <= high) return value;
    throw new InvalidArgumentError(`Give a number above ${low}, at most ${high}.`);
  });
}

/** A decimal number from 0 to below 1. */
export function share(): Parser<number> {
  return once((text) => {
    const value = decimals.test(text) ? Number(text) : Number.NaN;
    if (value >= 0 && value < 1) return value;
    throw new InvalidArgumentError("Give a number from 0 to below 1.");
  });
}

/** Any text but the empty one. */
export function text(): Parser<string> {
  return once((value) => {
    if (value !== "") return value;
    throw new InvalidArgumentError("It is empty.");
  });
}

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): Parser<T> {
  return once((text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`There are ${words.join(", ")}.`);
  });
}

/** Hidden layers: `128`, `256,128`, or `none`. */
export function hiddenUnits(): Parser<number[]> {
  return once((text) => {
    const units = text === "none" ? [] : text.split(",").map(whole);
    if (units.length <= 10 && units.every((count) => count >= 1 && count <= 100_000)) return units;
    throw new InvalidArgumentError("Give up to 10 whole numbers from 1 to 100000 with commas between, or none.");
  });
}

/** `balanced`, or weights by class: `0:1.5,8:2`. */
export function classWeights(): Parser<ClassWeighting> {
  return once((text) => {
    if (text === "balanced") return text;
    const weights: Record<number, number> = {};
    for (const part of text.split(",")) {
      const [, label = "", weight = ""] = /^(\d):(.*)$/.exec(part) ?? [];
      if (label in weights || !decimals.test(weight) || !(Number(weight) <= 1e6)) {
        throw new InvalidArgumentError(
          "Give balanced, or CLASS:WEIGHT with commas between, each class once: 0:1.5,8:2.",
        );
      }
      weights[Number(label)] = Number(weight);
    }
    return weights;
  });
}

const MOST_INDICES = 100_000;

/** Positions from 0: `3`, `0,4,7`, `0..9`, or several of these. */
export function indices(): Parser<number[]> {
  return once((text) => {
    const chosen: number[] = [];
    for (const part of text.split(",")) {
      const [first = "", last = first] = part.split(/\.\.|-/);
      const [from, to] = [whole(first), whole(last)];
      if (!(to >= from && to - from < MOST_INDICES) || /(\.\.|-).*(\.\.|-)/.test(part)) {
        throw new InvalidArgumentError("Give positions from 0 on: 3, or 0,4,7, or 0..9.");
      }
      for (let index = from; index <= to; index++) chosen.push(index);
    }
    return chosen;
  });
}

function whole(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

function once<T>(parse: Parser<T>): Parser<T> {
  let given = false;
  return (value) => {
    if (given) throw new InvalidArgumentError("It is given twice.");
    given = true;
    return parse(value);
  };
}
