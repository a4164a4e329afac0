import { OptionError } from "@surprisal/core";
import { PHILOX_WORDS, philox } from "./philox.ts";

/** A sequence of random numbers: the same for the same seed and key, on every machine and engine. */
export interface RandomStream {
  /** A whole number from 0 to 2^32 − 1. */
  nextUint32(): number;
  /** As many of them as `words` holds: the same as {@link nextUint32} gives one by one, in two thirds of the time. */
  fillUint32(words: Uint32Array): void;
  /** A number in [0, 1), a multiple of 2^−24: exact in float32. */
  nextFloat(): number;
  /** A whole number from 0 to `limit` − 1, each equally likely. */
  nextBelow(limit: number): number;
  /**
   * A stream of its own for each whole number from 0 to 2^32 − 1, independent of this one and of how far it was read:
   * `random.split(i)` where the three keys of {@link randomStream} are not enough.
   */
  split(index: number): RandomStream;
}

/**
 * An independent stream for each seed and key: `randomStream(seed, layer, step)` needs no stream of another layer or
 * step to have run. Integers, + − × ÷ only.
 * @param seed a whole number from 0 to 2^53 − 1
 * @param key up to three whole numbers from 0 to 2^32 − 1
 * @throws OptionError for anything else
 */
export function randomStream(seed: number, ...key: readonly number[]): RandomStream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`randomStream: a seed is a whole number from 0 to 2^53 − 1, not ${seed}`);
  }
  if (key.length > 3 || key.some((part) => !Number.isInteger(part) || part < 0 || part >= 2 ** 32)) {
    throw new OptionError(
      `randomStream: a key is up to three whole numbers from 0 to 2^32 − 1, not [${key.join(", ")}]`,
    );
  }
  const [a = 0, b = 0, c = 0] = key;
  return stream([seed >>> 0, Math.floor(seed / 2 ** 32)], [a, b, c]);
}

const WORDS_A_COUNTER = 4;

type Key = readonly [number, number];

/** Told apart from a stream's own blocks by another key: any constant does. */
const SPLIT: Key = [0x5f3759df, 0x2545f491];

function stream(seed: Key, [a, b, c]: readonly [number, number, number]): RandomStream {
  const counter = [0, a, b, c];
  const words = new Uint32Array(PHILOX_WORDS);
  let used = PHILOX_WORDS;
  const nextUint32 = (): number => {
    if (used === PHILOX_WORDS) {
      philox(words, counter, seed);
      counter[0]! += PHILOX_WORDS / WORDS_A_COUNTER;
      used = 0;
    }
    return words[used++]!;
  };
  const fillUint32 = (target: Uint32Array): void => {
    let i = 0;
    while (used < PHILOX_WORDS && i < target.length) target[i++] = words[used++]!;
    const whole = target.subarray(i, target.length - ((target.length - i) % PHILOX_WORDS));
    philox(whole, counter, seed);
    counter[0]! += whole.length / WORDS_A_COUNTER;
    i += whole.length;
    while (i < target.length) target[i++] = nextUint32();
  };
  return {
    nextUint32,
    fillUint32,
    nextFloat: () => (nextUint32() >>> 8) / 2 ** 24,
    nextBelow: (limit) => below(limit, nextUint32),
    split: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= 2 ** 32) {
        throw new OptionError(`split: an index is a whole number from 0 to 2^32 − 1, not ${index}`);
      }
      const child = new Uint32Array(PHILOX_WORDS);
      philox(child, [index, a, b, c], [seed[0] ^ SPLIT[0], seed[1] ^ SPLIT[1]]);
      return stream([child[0]!, child[1]!], [0, 0, 0]);
    },
  };
}

function below(limit: number, nextUint32: () => number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32) {
    throw new OptionError(`nextBelow: the limit is a whole number from 1 to 2^32, not ${limit}`);
  }
  for (;;) {
    const word = nextUint32();
    // Words from the last multiple of the limit on would favour small numbers; only few come near that at all.
    if (word < 2 ** 32 - limit || word < 2 ** 32 - (2 ** 32 % limit)) return word % limit;
  }
}

/** The numbers 0 … length − 1 in random order (Fisher–Yates): the order of an epoch. */
export function permutation(length: number, random: RandomStream): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  for (let i = length - 1; i > 0; i--) {
    const j = random.nextBelow(i + 1);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
