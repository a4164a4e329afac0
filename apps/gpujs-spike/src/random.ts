/** A repeatable stream of numbers (a 32-bit linear congruential generator, high bits), for inputs of checks. */
function stream(seed: number): { uniform(): number; normal(): number } {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

/** `length` normal float32 numbers. */
export function normals(seed: number, length: number, scale = 1): number[] {
  const { normal } = stream(seed);
  return Array.from({ length }, () => Math.fround(scale * normal()));
}

/** `length` integers below `limit`. */
export function integers(seed: number, length: number, limit: number): number[] {
  const { uniform } = stream(seed);
  return Array.from({ length }, () => Math.floor(uniform() * limit));
}
