/**
 * Philox4x32-10: a counter-based generator (Salmon, Moraes, Dror & Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3",
 * 2011). Each 128-bit counter gives its own four words under a 64-bit key, so a stream needs no state but a position.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** How many words there are at a time: those of two counters. */
export const PHILOX_WORDS = 8;

/**
 * Fills `words` with the random words of a counter under a key, four, and of the counters behind it (their first word counts
 * up), two at a time: the products of each wait for one another, and two sets of them keep a processor busy.
 * @param words a multiple of {@link PHILOX_WORDS} of them
 */
export function philox(words: Uint32Array, counter: readonly number[], key: readonly number[]): void {
  const first = counter[0]! | 0;
  const c1 = counter[1]! | 0;
  const c2 = counter[2]! | 0;
  const c3 = counter[3]! | 0;
  const key0 = key[0]! | 0;
  const key1 = key[1]! | 0;
  for (let at = 0; at < words.length; at += PHILOX_WORDS) {
    let a0 = (first + (at >> 2)) | 0;
    let b0 = (a0 + 1) | 0;
    let [a1, b1, a2, b2, a3, b3] = [c1, c1, c2, c2, c3, c3];
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < ROUNDS; round++) {
      const aHigh0 = multiplyHigh(MULTIPLIER_0, a0);
      const bHigh0 = multiplyHigh(MULTIPLIER_0, b0);
      const aHigh1 = multiplyHigh(MULTIPLIER_1, a2);
      const bHigh1 = multiplyHigh(MULTIPLIER_1, b2);
      const aLow0 = Math.imul(MULTIPLIER_0, a0);
      const bLow0 = Math.imul(MULTIPLIER_0, b0);
      a0 = aHigh1 ^ a1 ^ k0;
      b0 = bHigh1 ^ b1 ^ k0;
      a1 = Math.imul(MULTIPLIER_1, a2);
      b1 = Math.imul(MULTIPLIER_1, b2);
      a2 = aHigh0 ^ a3 ^ k1;
      b2 = bHigh0 ^ b3 ^ k1;
      a3 = aLow0;
      b3 = bLow0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    words[at] = a0;
    words[at + 1] = a1;
    words[at + 2] = a2;
    words[at + 3] = a3;
    words[at + 4] = b0;
    words[at + 5] = b1;
    words[at + 6] = b2;
    words[at + 7] = b3;
  }
}

/** The upper 32 bits of the product of two 32-bit numbers, by halves: a sum of each column fits 32 bits without a sign. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}
