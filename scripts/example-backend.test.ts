import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checkBackend } from "@surprisal/conformance";
import type { BackendProvider, Kernels, RequiredKernels } from "@surprisal/core";
import { describe, expect, test } from "vitest";
import { mine } from "../examples/backend/src/index.ts";
import type { Numbers } from "../examples/backend/src/numbers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/backend");
const run = promisify(execFile);

test("the example backend is what docs/write-a-backend.md tells its reader to write, and nothing else", () => {
  const guide = readFileSync(join(root, "docs/write-a-backend.md"), "utf8");
  const told = [...guide.matchAll(/^`([\w./-]+)`:\n\n```(?:ts|json)\n(.*?)```$/gms)].map(([, name, text]) => [
    name,
    text,
  ]);
  const written = globSync("{*.json,src/*}", { cwd: example }).map((name) => [
    name,
    readFileSync(join(example, name), "utf8"),
  ]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(written));
});

test("it compiles with its own settings, and names published packages alone", async () => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", example, "--customConditions", "@surprisal/source"]);
  const sources = globSync("src/*", { cwd: example }).map((name) => readFileSync(join(example, name), "utf8"));
  const names = sources.flatMap((text) => [...text.matchAll(/from "([^.][^"]*)"/g)].map((match) => match[1]));
  expect([...new Set(names)].sort()).toEqual(["@surprisal/conformance/vitest", "@surprisal/core"]);
});

// Its own test file has it pass every quick case.
test("it passes by the command line, of the kernels' cases all", async () => {
  const cli = join(root, "packages/conformance/src/cli/main.ts");
  const { stdout } = await run(process.execPath, [
    ...["--conditions=@surprisal/source", cli, join(example, "src/index.ts")],
    ...["--json", "--filter", "kernel/"],
  ]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ name: "mine", failed: 0 });
  expect(report.passed).toBeGreaterThan(300);
});

/** The prefix of the cases that are about a kernel. */
const casesOf: Readonly<Record<keyof RequiredKernels, string>> = {
  gemm: "kernel/gemm/",
  unary: "kernel/unary/",
  binary: "kernel/binary/",
  select: "kernel/select/",
  reduce: "kernel/reduce/",
  rearrange: "kernel/rearrange/",
  fill: "kernel/fill/",
  gatherRows: "kernel/gather-rows/",
  scatterAddRows: "kernel/scatter-add-rows/",
  softmaxCrossEntropy: "kernel/softmax-cross-entropy/",
};

type AnyKernel = (outputs: Record<string, Numbers | undefined>, inputs: object, params: object) => void;

/** The example with one kernel changed. */
function broken(name: keyof RequiredKernels, change: (right: AnyKernel) => AnyKernel): BackendProvider<Numbers> {
  return {
    name: `mine without ${name}`,
    async open(options) {
      const backend = await mine().open(options);
      const right = backend.kernels[name] as unknown as AnyKernel;
      const kernels = { ...backend.kernels, [name]: change(right) } as Kernels<Numbers>;
      return { ...backend, kernels };
    },
  };
}

/** Changes each output after the right kernel has written it. */
const spoilt =
  (spoil: (output: Numbers) => void) =>
  (right: AnyKernel): AnyKernel =>
  (outputs, inputs, params) => {
    right(outputs, inputs, params);
    for (const output of Object.values(outputs)) if (output && output.length > 0) spoil(output);
  };

const mistakes: Readonly<Record<string, (right: AnyKernel) => AnyKernel>> = {
  "does nothing": () => () => {},
  "leaves out the last element": spoilt((output) => output.fill(Number.NaN, output.length - 1)),
  "gives zeros": spoilt((output) => output.fill(0)),
  "has the wrong sign": spoilt((output) => output.set(output.map((value) => -value))),
  "is off by one place": spoilt((output) => output.copyWithin(1, 0)),
  "is off by a millionth": spoilt((output) => output.set(output.map((value) => value * (1 + 1e-6)))),
};

describe("a kernel of the example that is broken fails cases of that kernel, by name", () => {
  const kernels = Object.keys(casesOf) as (keyof RequiredKernels)[];
  test.each(kernels)("%s", async (name) => {
    for (const [mistake, change] of Object.entries(mistakes)) {
      // Every place of a fill is the same.
      if (name === "fill" && mistake === "is off by one place") continue;
      const create = () => broken(name, change);
      const { verdicts } = await checkBackend(
        { name: "broken", create },
        { filter: (id) => id.startsWith(casesOf[name]), deadline: 10_000 },
      );
      const failed = verdicts.filter(({ status }) => status === "failed").map(({ id }) => id);
      expect(failed, `${name} that ${mistake}`).not.toEqual([]);
      for (const id of failed) expect(id.startsWith(casesOf[name])).toBe(true);
    }
  });
});
