import { gpujs } from "@surprisal/backend-gpujs";
import { openDevice } from "@surprisal/core";
import { replaceMethod } from "./gpu-objects.ts";
import { failed, type Mode, provider, runProgram, within } from "./program.ts";

/** The variant that opened, or the reason why none did. */
async function opened(mode: Mode | "auto"): Promise<string> {
  try {
    const device = await within("open", openDevice([gpujs({ mode })]));
    const { variant } = device.facts;
    await device.close();
    return variant;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What each mode answers when opened. */
export const openings = async () => ({
  webgpu: await opened("webgpu"),
  webgl2: await opened("webgl2"),
  auto: await opened("auto"),
});

/** The same where there is no navigator.gpu, and no float32 render target. */
export async function openingsWithout(what: "navigator.gpu" | "float targets" | "WebGL 2") {
  if (what === "navigator.gpu") Object.defineProperty(navigator, "gpu", { value: undefined });
  if (what === "float targets") {
    replaceMethod(
      WebGL2RenderingContext.prototype,
      "getExtension",
      (original) =>
        function (...values) {
          return (values as unknown[])[0] === "EXT_color_buffer_float" ? null : original.apply(this, values);
        },
    );
  }
  if (what === "WebGL 2") {
    const none = () => () => null;
    replaceMethod(OffscreenCanvas.prototype, "getContext", none);
    replaceMethod(HTMLCanvasElement.prototype, "getContext", none);
  }
  return openings();
}

/** A device that cannot be had, or was lost before it came. */
export async function deviceTrouble(what: "refused" | "lost at once"): Promise<{ problems: string[]; note: string }> {
  const undo = replaceMethod(
    GPUAdapter.prototype,
    "requestDevice",
    (original) =>
      async function (...values) {
        if (what === "refused") throw new DOMException("the limits are not supported", "OperationError");
        const device = (await original.apply(this, values)) as GPUDevice;
        device.destroy();
        return device;
      },
  );
  const found = await runProgram(provider("webgpu"));
  undo();
  const problems = failed(found) ? [] : ["it went unnoticed"];
  const after = await runProgram(provider("webgpu"));
  if (failed(after)) problems.push(`afterwards: ${[...after.values()].join("; ")}`);
  return { problems, note: String([...found.values()].find((ending) => ending instanceof Error)) };
}
