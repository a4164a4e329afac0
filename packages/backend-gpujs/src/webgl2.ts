import type { Accelerator, OnLost } from "./accelerator.ts";
import { GpuError } from "./faults.ts";
import type { GpuJs } from "./gpu-js.ts";
import { addPowerOfTwo } from "./power-of-two.ts";
import { webGl2Functions } from "./webgl2-functions.ts";
import { textureReader } from "./webgl2-read.ts";

/** WebGL 2 with textures of float32 that can be drawn to. Each backend has a context of its own. */
export async function openWebGl2(gpuJs: GpuJs, onLost: OnLost): Promise<Accelerator> {
  const surface = makeSurface();
  const gl = surface?.getContext("webgl2", { alpha: false, antialias: false, depth: false }) as
    | WebGL2RenderingContext
    | null
    | undefined;
  if (!surface || !gl) throw new Error("there is no WebGL 2 context to be had");
  const { isSupported, features } = gpuJs.WebGL2Kernel;
  if (!gl.getExtension("EXT_color_buffer_float") || !isSupported || !features.isFloatRead) {
    release(gl);
    throw new Error("WebGL 2 has no float32 render targets (EXT_color_buffer_float)");
  }
  let open = true;
  const lose = (): void => {
    if (open) onLost("the WebGL context was lost");
  };
  surface.addEventListener("webglcontextlost", lose);

  // gpu.js makes the canvas as large as its largest texture, and draws nothing on it: it gets one without pixels.
  const gpu = new gpuJs.GPU({ mode: "webgl2", context: gl, canvas: { width: 1, height: 1 } });
  gpu.injectNative(webGl2Functions);
  addPowerOfTwo(gpu, "glsl");
  const side = features.maxTextureSize;
  return {
    mode: "webgl2",
    gpu,
    kernelClass: gpuJs.WebGL2Kernel,
    maxLength: side * side,
    device: `WebGL 2, ${rendererOf(gl)}, textures up to ${side} × ${side}`,
    lost: () => (gl.isContextLost() ? "the WebGL context was lost" : undefined),
    // gpu.js does not ask, and WebGL would go on drawing with the program before.
    requireCompiled({ kernel: { program } }) {
      if (!program || gl.getProgramParameter(program, gl.LINK_STATUS) || gl.isContextLost()) return;
      throw new GpuError(
        `a shader program does not link: ${gl.getProgramInfoLog(program) || "the driver does not say why"}`,
      );
    },
    delete(array) {
      array.delete?.();
      // A kernel that was destroyed before its last output does not delete it.
      if (array.texture && !array.texture._refs) gl.deleteTexture(array.texture);
    },
    read: textureReader(gl),
    async close() {
      open = false;
      surface.removeEventListener("webglcontextlost", lose);
      release(gl);
    },
  };
}

function makeSurface(): OffscreenCanvas | HTMLCanvasElement | undefined {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(1, 1);
  return typeof document === "undefined" ? undefined : document.createElement("canvas");
}

/** Gives the context back at once: a page has about 16, and takes the oldest away for a further one. */
function release(gl: WebGL2RenderingContext): void {
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}

function rendererOf(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}
