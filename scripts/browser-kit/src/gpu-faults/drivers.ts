import { openDevice, softmaxCrossEntropy } from "@surprisal/core";
import { replaceMethod } from "./gpu-objects.ts";
import { failed, type Mode, provider, runProgram, undisturbed, within, wrongEndings } from "./program.ts";

type Undo = () => void;
type Method = Parameters<typeof replaceMethod>[2];

const gl = WebGL2RenderingContext.prototype;
const replaceAll = (prototype: object, names: readonly string[], make: Method): Undo => {
  const undos = names.map((name) => replaceMethod(prototype, name, make));
  return () => {
    for (const undo of undos) undo();
  };
};

/** Calls the original until the `from`th call, and then `instead`. */
const from = (call: number, instead: (original: () => unknown, values: unknown[]) => unknown): Method => {
  let calls = 0;
  return (original) =>
    function (...values) {
      const through = () => original.apply(this, values);
      return ++calls < call ? through() : instead(through, values);
    };
};

const zeros = (through: () => unknown, values: unknown[]): unknown => {
  const given = through();
  for (const value of [given, ...values]) {
    if (value instanceof ArrayBuffer) new Uint8Array(value).fill(0);
    else if (ArrayBuffer.isView(value)) new Uint8Array(value.buffer, value.byteOffset, value.byteLength).fill(0);
  }
  return given;
};
const fails = (through: () => unknown): unknown => {
  through();
  throw new Error("the driver refuses");
};
const nothing = (): unknown => undefined;

/** What a driver may do wrong, from its nth relevant call on, and where. */
export const driverFaults: Record<Mode, Record<string, (nth: number) => Undo>> = {
  webgl2: {
    "reads give zeros": (nth) => replaceAll(gl, ["readPixels", "getBufferSubData"], from(nth, zeros)),
    "shaders do not compile": (nth) =>
      replaceMethod(
        gl,
        "getShaderParameter",
        from(nth, () => false),
      ),
    "programs do not link": (nth) => replaceMethod(gl, "linkProgram", from(nth, nothing)),
    "nothing is drawn": (nth) => replaceMethod(gl, "drawArrays", from(nth, nothing)),
    "textures cannot be made": (nth) =>
      replaceMethod(
        gl,
        "createTexture",
        from(nth, () => null),
      ),
    "a draw throws": (nth) => replaceMethod(gl, "drawArrays", from(nth, fails)),
  },
  webgpu: {
    "reads give zeros": (nth) => replaceMethod(GPUBuffer.prototype, "getMappedRange", from(nth, zeros)),
    "reads cannot be mapped": (nth) =>
      replaceMethod(
        GPUBuffer.prototype,
        "mapAsync",
        from(nth, () => Promise.reject(new DOMException("mapping failed", "OperationError"))),
      ),
    "shaders do not compile": (nth) =>
      replaceMethod(GPUDevice.prototype, "createShaderModule", (original) => {
        let calls = 0;
        return function (...values) {
          const given = ++calls < nth ? values : [{ code: "this is no WGSL" }];
          return original.apply(this, given as never[]);
        };
      }),
    "nothing is submitted": (nth) => replaceMethod(GPUQueue.prototype, "submit", from(nth, nothing)),
    "a submission throws": (nth) => replaceMethod(GPUQueue.prototype, "submit", from(nth, fails)),
  },
};

/** One fault of the driver, early and late: no wrong number, and a typed error each time. */
export async function driverFault(mode: Mode, fault: string): Promise<{ problems: string[]; note: string }> {
  const expected = await undisturbed(mode);
  const problems: string[] = [];
  const said = new Set<string>();
  for (const nth of [1, 2, 5, 12]) {
    const undo = driverFaults[mode][fault]!(nth);
    const found = await runProgram(provider(mode));
    undo();
    problems.push(...wrongEndings(found, expected).map((problem) => `from call ${nth} on: ${problem}`));
    for (const ending of found.values()) if (ending instanceof Error) said.add(ending.message);
  }
  if (said.size === 0) problems.push("no call noticed it: the test shows nothing");
  const after = await runProgram(provider(mode));
  if (failed(after) || wrongEndings(after, expected).length > 0) {
    problems.push(`afterwards: ${[...after.values()].join("; ")}`);
  }
  return { problems, note: [...said].join(" | ") };
}

/** Rows with a NaN: not finite where the driver swallows NaN, and no other row is touched. */
export async function swallowedNan(mode: Mode): Promise<{ problems: string[]; note: string }> {
  const device = await openDevice([provider(mode)]);
  const rows = [
    [1, 2, 3],
    [Number.NaN, 2, 3],
    [1, Number.NaN, 3],
    [1, 2, Number.NaN],
    [1, 2, 3],
  ];
  const loss = softmaxCrossEntropy(device.tensor(rows), { labels: [0, 0, 0, 0, 0] }, { reduction: "none" });
  const values = Array.from(await within("read", loss.data()));
  await device.close();
  const problems: string[] = [];
  if (values[0] !== values[4] || Math.abs(values[0]! - 2.40760596444438) > 1e-6 * 2.4) {
    problems.push(`the other rows are ${values[0]} and ${values[4]}`);
  }
  if (values.slice(1, 4).some(Number.isFinite)) problems.push(`rows with NaN lose ${values.slice(1, 4)}`);
  if (device.facts.strictNonFinite && !values.slice(1, 4).every(Number.isNaN)) {
    problems.push(`strictNonFinite is true, and rows with NaN lose ${values.slice(1, 4)}`);
  }
  return { problems, note: `strictNonFinite ${device.facts.strictNonFinite}: ${values}` };
}
