import { expect, test } from "vitest";
import type { Accelerator } from "./accelerator.ts";
import type { GpuJs, Kernel, KernelAnswer } from "./gpu-js.ts";
import { makePrograms } from "./programs.ts";

class FakeKernel {}

/** Programs over a gpu.js that notes what is made and destroyed; a kernel answers by `answer`. */
function fake(answer: () => KernelAnswer = () => ({ delete: () => {} })) {
  const made: string[] = [];
  const destroyed: string[] = [];
  const outputs: number[] = [];
  const createKernel = (source: string): Kernel => {
    made.push(source);
    return Object.assign(() => answer(), {
      kernel: new FakeKernel() as Kernel["kernel"],
      setOutput: ([length]: readonly number[]) => outputs.push(length!),
      destroy: () => destroyed.push(source),
    });
  };
  const accelerator = {
    mode: "webgl2",
    gpu: { createKernel, destroy: async () => {} },
    kernelClass: FakeKernel,
    requireCompiled: () => {},
  } as unknown as Accelerator;
  const gpuJs = { input: (value: Float32Array, size: number[]) => ({ value, size }) } as unknown as GpuJs;
  return { programs: makePrograms(gpuJs, accelerator), made, destroyed, outputs };
}

test("a source is compiled once, for every length", () => {
  const { programs, made, outputs } = fake();
  for (const length of [4, 4, 1000, 7]) programs.run("a", {}, length);
  expect(made).toEqual(["a"]);
  expect(outputs).toEqual([4, 1000, 7]);
});

test("a kernel that reads its own last output is given another", async () => {
  const { programs, outputs } = fake();
  const first = await programs.run("a", {}, 4);
  await programs.run("a", { arrays: [{}] }, 4);
  expect(outputs).toEqual([4]);
  const last = await programs.run("a", { arrays: [first] }, 4);
  await programs.run("a", { arrays: [last] }, 4);
  expect(outputs).toEqual([4, 4]);
});

test("the kernels that were used least recently are destroyed, when there are many", () => {
  const { programs, destroyed } = fake();
  for (let i = 0; i < 512; i++) programs.run(`${i}`, {}, 1);
  programs.run("0", {}, 1);
  programs.run("new", {}, 1);
  expect(destroyed).toEqual(["1"]);
});

test("and when what they keep alive is much", () => {
  const { programs, destroyed } = fake();
  for (const name of ["a", "b", "c"]) programs.run(name, {}, 2 ** 25);
  expect(destroyed).toEqual(["a"]);
});

test("a kernel that failed is compiled anew", () => {
  let fails = true;
  const { programs, made, destroyed } = fake(() => {
    if (fails) throw new Error("it does not compile");
    return {};
  });
  expect(() => programs.run("a", {}, 1)).toThrow("it does not compile");
  fails = false;
  programs.run("a", {}, 1);
  expect([made, destroyed]).toEqual([["a", "a"], ["a"]]);
});

test("a long upload leaves no kernel behind", () => {
  const { programs, destroyed } = fake();
  programs.upload(new Float32Array(8));
  expect(destroyed).toHaveLength(0);
  programs.upload(new Float32Array(2 ** 22));
  expect(destroyed).toHaveLength(1);
});
