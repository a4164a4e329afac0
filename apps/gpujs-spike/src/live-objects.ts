/** Counts what lives on the device by wrapping the calls that make and delete it. Imported before gpu.js. */
export interface LiveObjects {
  textures: number;
  buffers: number;
  /** Shader programs linked and compute pipelines made: never fewer. */
  pipelines: number;
}

export const live: LiveObjects = { textures: 0, buffers: 0, pipelines: 0 };

const gl = WebGL2RenderingContext.prototype;
const { createTexture, deleteTexture, linkProgram } = gl;
gl.linkProgram = function (program) {
  live.pipelines += 1;
  linkProgram.call(this, program);
};
gl.createTexture = function () {
  live.textures += 1;
  return createTexture.call(this);
};
// Deleting twice is allowed and does nothing; gpu.js does.
const deleted = new WeakSet<object>();
gl.deleteTexture = function (texture) {
  if (texture && !deleted.has(texture)) live.textures -= 1;
  if (texture) deleted.add(texture);
  deleteTexture.call(this, texture);
};

if ("GPUDevice" in globalThis) {
  const { createBuffer, createComputePipeline } = GPUDevice.prototype;
  GPUDevice.prototype.createComputePipeline = function (descriptor) {
    live.pipelines += 1;
    return createComputePipeline.call(this, descriptor);
  };
  GPUDevice.prototype.createBuffer = function (descriptor) {
    live.buffers += 1;
    return createBuffer.call(this, descriptor);
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    if (!deleted.has(this)) live.buffers -= 1;
    deleted.add(this);
    return destroy.call(this);
  };
}
