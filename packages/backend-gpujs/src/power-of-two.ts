import type { Gpu } from "./gpu-js.ts";

/**
 * powerOfTwo(n) = 2^n for whole numbers n from −150 to 127, put together from its bits; what is below 2^−126 is 0. Shading
 * languages allow a pow that is off, and it costs two series.
 */
const sources = {
  glsl: "float powerOfTwo(float n) { return intBitsToFloat(int(max(n, -127.0) + 127.0) << 23); }",
  // gpu.js puts fn_ before the names of functions.
  wgsl: "fn fn_powerOfTwo(n : f32) -> f32 { return bitcast<f32>(i32(max(n, -127.0) + 127.0) << 23u); }",
  javascript: "function powerOfTwo(n) { return n < -126 ? 0 : Math.pow(2, n); }",
};

/** Makes powerOfTwo known to the kernels of an instance. */
export function addPowerOfTwo(gpu: Gpu, language: keyof typeof sources): void {
  gpu.addNativeFunction("powerOfTwo", sources[language], { argumentTypes: { n: "Float" }, returnType: "Float" });
}
