import { gpujs } from "@surprisal/backend-gpujs";
import { isSurprisalError, openDevice } from "@surprisal/core";
import { replaceMethod } from "./gpu-objects.ts";
import { failed, type Mode, model, provider, runProgram, undisturbed, within, wrongEndings } from "./program.ts";

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

/** Trains until that fails, while the browser is told to let its GPU process crash; then opens again. */
export async function crash(mode: Mode): Promise<{ problems: string[]; note: string }> {
  const expected = await undisturbed(mode);
  const device = await openDevice([provider(mode)]);
  const { step } = model(device);
  let error: unknown;
  for (let i = 0; i < 100_000 && !error; i++) {
    if (i === 5) console.debug("crash now");
    await within("a step", step()).catch((thrown) => {
      error = thrown;
    });
  }
  await within("close", device.close()).catch(() => {});
  const problems = isSurprisalError(error) ? [] : [`no typed error: ${error}`];
  // The browser starts another GPU process, in its own time.
  let after = await runProgram(provider(mode));
  for (let i = 0; i < 40 && failed(after); i++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    after = await runProgram(provider(mode));
  }
  problems.push(...wrongEndings(after, expected));
  if (failed(after)) problems.push(`afterwards: ${[...after.values()].join("; ")}`);
  return { problems, note: String(error) };
}
