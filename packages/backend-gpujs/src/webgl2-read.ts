import { nextTurn } from "./event-loop.ts";
import { GpuError } from "./faults.ts";
import type { DeviceArray } from "./gpu-js.ts";

/** So long a read is asked after in every turn of the event loop; then at the pace of timers, which leaves cores to others. */
const EAGER_MS = 2;

/**
 * Reads textures without blocking. (gpu.js asks the driver in every turn until the end: on a driver in software that takes
 * a core from the kernels.)
 */
export function textureReader(
  gl: WebGL2RenderingContext,
): (array: DeviceArray, length: number) => Promise<Float32Array> {
  const framebuffer = gl.createFramebuffer();
  let format: number | undefined;
  return (array, length) => {
    const [width, height] = array.size!;
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, array.texture!, 0);
    // One channel where the driver can; four it always can. All textures are alike, and asking waits for the driver.
    format ??= gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RED ? gl.RED : gl.RGBA;
    const channels = format === gl.RED ? 1 : 4;
    const pixels = new Float32Array(width! * height! * channels);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, pixels.byteLength, gl.STREAM_READ);
    gl.readPixels(0, 0, width!, height!, format, gl.FLOAT, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    return reached(gl)
      .then(() => {
        gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
        gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, pixels);
        gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
        return channels === 1 ? pixels : Float32Array.from({ length }, (_, i) => pixels[i * channels]!);
      })
      .finally(() => gl.deleteBuffer(buffer));
  };
}

/** Resolves when the driver has done all that it was given so far. */
async function reached(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  // Without it the driver may wait for more before it begins.
  gl.flush();
  const since = performance.now();
  for (;;) {
    if (!fence || gl.isContextLost()) throw new GpuError("the WebGL context was lost during a read");
    const status = gl.clientWaitSync(fence, 0, 0);
    if (status === gl.WAIT_FAILED) throw new GpuError("WebGL cannot tell whether a read has ended");
    if (status !== gl.TIMEOUT_EXPIRED) break;
    if (performance.now() - since >= EAGER_MS) await new Promise((resolve) => setTimeout(resolve, 1));
    // Also behind a timer: browsers hold one that follows from others for 4 ms.
    await nextTurn();
  }
  gl.deleteSync(fence);
}
