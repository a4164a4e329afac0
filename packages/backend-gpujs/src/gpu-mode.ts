/** A way to the GPU. In a file of its own: what is published says nothing of WebGPU's types, which older TypeScript has not. */
export type GpuMode = "webgpu" | "webgl2";
