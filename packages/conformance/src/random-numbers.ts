/** A stream of pseudo-random numbers that is the same on every machine: integers and exact arithmetic only. */
export interface RandomNumbers {
  /** Uniform in [0, 1), a multiple of 2^−24: exact in float32. */
  uniform(): number;
  /** Nearly normal: mean 0, variance 1, within ±6 (the sum of twelve uniforms). */
  normal(): number;
  /** A whole number from 0 to `below` − 1. */
  integer(below: number): number;
}

/** A stream that depends on the words alone. */
export function randomNumbers(...seed: readonly (number | string)[]): RandomNumbers {
  let state = 0;
  for (const character of seed.join("|")) state = mix(state + (character.codePointAt(0) ?? 0));
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    return (mix(state) >>> 8) / 2 ** 24;
  };
  return {
    uniform,
    normal() {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += uniform();
      return sum;
    },
    integer: (below) => Math.floor(uniform() * below),
  };
}

/** Spreads a change of any bit of the word over all of them. */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39);
  return h ^ (h >>> 16);
}
