/**
 * GLSL that stands in for gpu.js' own in every shader on WebGL 2, where all arrays and outputs are flat. gpu.js divides
 * integers in every fetch and to find a fragment's index, which SIMD units do not.
 *
 * A quotient of floats may be off by one row, which shows in the column and is carried back.
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
`;
