import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { gpujs } from "./node.ts";

const options = { onError: () => {} };
const open = async (webgpu: Parameters<typeof gpujs>[0]) => gpujs(webgpu).open(options);

/** Runs a module in a Node of its own, which has to end by itself. */
function run(program: string) {
  const flags = ["--conditions=@surprisal/source", "--input-type=module", "--eval"];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, program], {
    cwd: import.meta.dirname,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, signal, stdout, stderr };
}

/** A program's beginning that opens the backend, and prints the reason where it cannot. */
const opening = `
import { gpujs } from "@surprisal/backend-gpujs/node";
import { openDevice, softmaxCrossEntropy } from "@surprisal/core";
const device = await openDevice([gpujs()]).catch((error) => { console.log(error.message); process.exit(3); });
`;

describe("opening on Node", () => {
  test("without the package says how to get it", () => {
    const hidden = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "webgpu") throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
        return next(name, context);
      } });
      const { gpujs } = await import("@surprisal/backend-gpujs/node");
      await gpujs().open({ onError() {} }).catch((error) => console.log(error.message));`;
    expect(run(hidden).stdout).toBe("the package webgpu is missing: npm install webgpu@0.6.2 (132 MB)\n");
  });

  test("with a package that does not load says why", async () => {
    const create = () => {
      throw new Error("libstdc++.so.6: version `GLIBCXX_3.4.32' not found");
    };
    await expect(open({ webgpu: { create, globals: {} } })).rejects.toThrow("GLIBCXX_3.4.32");
  });

  test("without an adapter says what a machine needs, and leaves no navigator.gpu behind", async () => {
    const create = () => ({ requestAdapter: async () => null });
    await expect(open({ webgpu: { create, globals: {} } })).rejects.toThrow(
      process.platform === "linux"
        ? /webgpu finds no GPU: install the Vulkan loader \(libvulkan1\)/
        : /webgpu finds no GPU/,
    );
    expect(globalThis.navigator?.gpu).toBeUndefined();
  });

  test("refuses options that it does not have", () => {
    expect(() => gpujs({ mode: "webgl2" } as object)).toThrow(
      'gpujs: there is no option "mode"; the option on Node is webgpu',
    );
  });
});

const first = run(`${opening} console.log(device.facts.variant);`);
const canRun = Boolean(process.env.CI) || first.status === 0;

describe.skipIf(!canRun)("a program on Node", () => {
  const loss = `
    const loss = softmaxCrossEntropy(device.tensor([[50, 0, 0]]), { labels: [0] });
    console.log(await loss.item());`;

  test("computes, and ends when it has closed its device", () => {
    const { status, stdout, stderr } = run(`${opening} ${loss} await device.close();`);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    // 2e^−50, whose GPU tolerance is 2e-5·(1 + 50/10) (docs/semantics.md §7).
    expect(Math.abs(Number(stdout) / (2 * Math.exp(-50)) - 1)).toBeLessThan(1.2e-4);
  });

  test("ends also when it has closed nothing, or had no navigator", () => {
    const { status, stderr } = run(`Reflect.deleteProperty(globalThis, "navigator"); ${opening} ${loss}`);
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("keeps a navigator.gpu that was there", () => {
    const { stdout } = run(`
      const { create, globals } = await import("webgpu");
      Object.assign(globalThis, globals);
      const gpu = create([]);
      Object.defineProperty(navigator, "gpu", { value: gpu });
      ${opening.replaceAll(/import (\{.*\}) from (".*");/g, "const $1 = await import($2);")}
      console.log(navigator.gpu === gpu, device.facts.variant);`);
    expect(stdout).toBe("true webgpu\n");
  });
});
