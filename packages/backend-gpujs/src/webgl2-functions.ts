/**
 * GLSL that stands in for gpu.js' own in every shader on WebGL 2, where all arrays and outputs are flat. gpu.js divides
 * integers in every fetch and to find a fragment's index, which SIMD units do not.
 *
 * A quotient of floats may be off by one row, which shows in the column and is carried back. Powers of two (2^n of the
 * exponential functions, −150 ≤ n ≤ 103) are put together from bits, in two factors since the least are subnormal.
 */
export const webGl2Functions = `
float flatFetch(highp sampler2D array, ivec2 size, int i) {
  float row = floor(float(i) / float(size.x));
  float column = (float(i - int(row) * size.x) + 0.5) / float(size.x);
  float carry = floor(column);
  return texture(array, vec2(column - carry, (row + carry + 0.5) / float(size.y))).r;
}
#define getFloatFromSampler2D(array, size, dim, k, j, i) flatFetch(array, size, i)
#define indexTo3D(i, dim) ivec3(i, 0, 0)

float ordinaryPow(float base, float e) { return e == 0.0 ? 1.0 : pow(base, e); }
float powerOfTwo(float n) { return intBitsToFloat((int(n) + 151) << 23) * 5.9604644775390625e-8; }
#define _pow(base, e) ((base) == 2.0 ? powerOfTwo(e) : ordinaryPow(base, e))
`;
