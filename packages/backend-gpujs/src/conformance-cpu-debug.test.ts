import { describeBackend } from "@surprisal/conformance/vitest";
import { describe, expect, test } from "vitest";
import { type GpuJs, type KernelSettings, loadGpuJs } from "./gpu-js.ts";
import { gpujs } from "./gpujs.ts";

/** The kernels that have run, source → the types of its arguments. */
const kernels = new Map<string, readonly string[]>();

const noting = (loaded: GpuJs): GpuJs => ({
  ...loaded,
  GPU: class extends loaded.GPU {
    override createKernel(source: string, settings: KernelSettings) {
      kernels.set(source, settings.argumentTypes);
      return super.createKernel(source, settings);
    }
  },
});

// The same sources as on a GPU, where there is none.
describeBackend({
  name: "gpujs, cpu-debug",
  create: () => gpujs({ mode: "cpu-debug", testing: { gpuJs: noting } }),
});

/** What gpu.js exports besides: its translators. */
interface Translators {
  readonly FunctionBuilder: { fromKernel(kernel: object, language: unknown): { getPrototypeString(): string } };
  readonly WebGL2FunctionNode: unknown;
  readonly WGSLFunctionNode: unknown;
}
type Language = "WebGL2FunctionNode" | "WGSLFunctionNode";

const translators = (await loadGpuJs()) as unknown as Translators;

const powerOfTwo = { name: "powerOfTwo", source: "", argumentTypes: ["Float"], returnType: "Float" };

function translate(source: string, types: readonly string[], language: Language): string {
  const argumentNames = source.slice(source.indexOf("(") + 1, source.indexOf(")")).split(", ");
  const kernelArguments = types.map((type) => ({ type }));
  const lists = { argumentSizes: [], argumentBitRatios: types.map(() => 4), kernelConstants: [] };
  const sizes = { output: [1], dynamicOutput: true, dynamicArguments: true, precision: "single" };
  const kernel = { source, argumentNames, kernelArguments, nativeFunctions: [powerOfTwo], ...lists, ...sizes };
  return translators.FunctionBuilder.fromKernel(kernel, translators[language]).getPrototypeString();
}

/** The heads of loops whose counter is no integer, or that end after 1000 turns (LOOP_MAX). */
function wrongLoops(shader: string): string[] {
  const heads = shader.match(/\b(for|while) ?\([^{]*\{/g) ?? [];
  return heads.filter((head) => !/^for ?\((int \w+ ?=|var \w+ : i32 =)/.test(head) || head.includes("LOOP_MAX"));
}

describe.for(["WebGL2FunctionNode", "WGSLFunctionNode"] as const)("translated by gpu.js' %s", (language) => {
  test("every loop of every kernel counts in integers, and ends by itself", () => {
    let loops = 0;
    for (const [source, types] of kernels) {
      const shader = translate(source, types, language);
      expect(wrongLoops(shader), source).toEqual([]);
      loops += shader.match(/\bfor\b/g)?.length ?? 0;
    }
    expect(kernels.size, "kernels, which the kit above leaves").toBeGreaterThan(100);
    expect(loops).toBeGreaterThan(100);
  });

  test.for([
    ["another step", "for (let i = 0; i < 100; i += 2) { t = t + i; }"],
    ["an end that is an argument", "for (let i = 0; i < n; i++) { t = t + i; }"],
    ["a condition alone", "while (t < n) { t = t + 1; }"],
  ])("a loop with %s is found", ([, loop]) => {
    expect(wrongLoops(translate(`function (n) { let t = 0; ${loop} return t; }`, ["Float"], language))).toHaveLength(1);
  });
});
